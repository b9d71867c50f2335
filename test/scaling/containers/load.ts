import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, callPatiently } from './client.ts';
import { until } from './stack.ts';

/** One kind of request in the mix. */
export interface Kind {
  name: string;
  /** The only status that is no failure. */
  expects: number;
  send(turn: number): Promise<Answer>;
  /** Called with each answer as expected. */
  onDone?(answer: Answer, turn: number): void;
}

export interface Tally {
  sent: number;
  failed: number;
  /** How often an answer said: this key is being worked on, come back. */
  waits: number;
  /** What went wrong, and how often. */
  faults: Record<string, number>;
}

const describe = ({ status, json }: Answer) => `${status} ${json?.code ?? ''}`.trim();

/**
 * Sends all kinds in turn from `workers` connections until stopped; `perSecond` in total, or as fast as they answer.
 * It ends with the test, also with one that fails. A 409 with Retry-After is obeyed as a client would; all else that is not as expected is a failure.
 */
export const startLoad = (
  context: TestContext,
  kinds: Kind[],
  { workers = 24, perSecond = Number.POSITIVE_INFINITY } = {},
) => {
  const tallies = new Map<string, Tally>(
    kinds.map(({ name }) => [name, { sent: 0, failed: 0, waits: 0, faults: {} }]),
  );
  const served = new Map<string, number>();
  let [turn, stopped] = [0, false];
  const total = () => [...tallies.values()].reduce((sum, { sent }) => sum + sent, 0);

  const once = async (kind: Kind, tally: Tally, mine: number) => {
    const fail = (fault: string) => {
      tally.failed += 1;
      tally.faults[fault] = (tally.faults[fault] ?? 0) + 1;
    };
    try {
      const { answer, waits } = await callPatiently(() => kind.send(mine), [409]);
      tally.waits += waits;
      const instance = String(answer.headers['x-served-by']);
      served.set(instance, (served.get(instance) ?? 0) + 1);
      if (answer.status === kind.expects) kind.onDone?.(answer, mine);
      else fail(describe(answer));
    } catch (error) {
      fail(String((error as NodeJS.ErrnoException).code ?? error));
    }
    tally.sent += 1;
  };

  const work = async () => {
    const interval = (workers / perSecond) * 1_000;
    while (!stopped) {
      const startedAt = performance.now();
      const mine = turn++;
      const kind = kinds[mine % kinds.length] as Kind;
      await once(kind, tallies.get(kind.name) as Tally, mine);
      await sleep(Math.max(0, interval - (performance.now() - startedAt)));
    }
  };
  const running = Promise.all(Array.from({ length: workers }, work));
  context.after(() => {
    stopped = true;
    return running;
  });

  return {
    /** Waits until this many more have been answered. */
    more: (count: number) => {
      const goal = total() + count;
      return until(`${count} more requests answered`, 60, () => total() >= goal);
    },
    /** The instances that answered since the last call of this. */
    instances: () => {
      const names = [...served.keys()];
      served.clear();
      return names;
    },
    stop: async (): Promise<Record<string, Tally>> => {
      stopped = true;
      await running;
      return Object.fromEntries(tallies);
    },
  };
};

/** For the reader of the test's output. */
export const report = (title: string, tallies: Record<string, Tally>) => {
  for (const [name, { sent, failed, waits, faults }] of Object.entries(tallies))
    console.log(`${title}: ${name}: ${sent} sent, ${failed} failed, ${waits} waits`, failed ? faults : '');
};

/** Names what went wrong, as a log of thousands of requests would hide it. */
export const assertNoneFailed = (tallies: Record<string, Tally>, except?: string) => {
  const failed = Object.entries(tallies).filter(([name, tally]) => name !== except && tally.failed > 0);
  assert.deepEqual(
    failed.map(([name, { sent, faults }]) => ({ name, sent, faults })),
    [],
  );
};

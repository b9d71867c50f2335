import { setTimeout as sleep } from 'node:timers/promises';
import type { Phase } from '../run.ts';
import { arrivalTimes } from './arrivals.ts';
import type { Recorder } from './recorder.ts';
import { Disappointed, type Visitor } from './visitor.ts';

/** Visits at a time; who comes after is turned away as a failure, or a server that hangs would fill this memory. */
const MOST_VISITS = 10_000;
/** An arrival that starts later than this, in seconds, has been delayed by the generator itself. */
const LATE = 0.005;

interface OpenModel {
  phases: readonly Phase[];
  /** Requests that a visit makes on average: arrivals are that much rarer than requests. */
  requestsPerVisit: number;
  recorder: Recorder;
  /** Seconds since the start. */
  now(): number;
  begin(due: number): Visitor;
  visit(visitor: Visitor): Promise<void>;
  stopped: AbortSignal;
}

/** Lets visitors come at their times; resolves when the last has gone. */
export const runOpenModel = (model: OpenModel) => {
  const { phases, requestsPerVisit, recorder, now, begin, visit, stopped } = model;
  const state = { arrived: 0, late: 0, visits: new Set<Promise<void>>() };

  const start = (due: number) => {
    state.arrived += 1;
    if (now() - due > LATE) state.late += 1;
    if (state.visits.size >= MOST_VISITS) {
      recorder.sent(due);
      recorder.ended({
        name: 'turned away',
        due,
        seconds: 0,
        fault: 'too many visits at a time',
        servedBy: undefined,
      });
      return;
    }
    const running = visit(begin(due)).catch((error: unknown) => {
      if (!(error instanceof Disappointed)) throw error;
    });
    state.visits.add(running);
    void running.finally(() => state.visits.delete(running));
  };

  const scaled = phases.map((phase) => ({ ...phase, rate: phase.rate / requestsPerVisit }));
  const done = (async () => {
    for (const due of arrivalTimes(scaled)) {
      // Timers are exact to a millisecond; several that are due by then start together.
      while (due > now() && !stopped.aborted) await sleep(Math.max(1, (due - now()) * 1_000));
      if (stopped.aborted) break;
      start(due);
    }
    await Promise.race([Promise.all(state.visits), stoppedNow(stopped)]);
  })();
  return {
    done,
    lateShare: () => (state.arrived === 0 ? 0 : state.late / state.arrived),
  };
};

const stoppedNow = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

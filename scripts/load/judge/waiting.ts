import { mean } from 'simple-statistics';
import type { Part, Run, Vital } from '../run.ts';
import type { Crossing } from './crossings.ts';
import type { Finding } from './findings.ts';
import { measuredSeconds, median, p99Series, quietSeconds, valuesIn, vitalOf } from './series.ts';
import { called, duration, percent } from './words.ts';

const LEAST_RATIO = 3;
const LEAST_SECONDS = 0.005;
/** Without quiet seconds to compare with: what a server nearby hardly ever needs. */
const SLOW_BY_ITSELF = { redis: 0.01, postgres: 0.03 };
type Server = keyof typeof SLOW_BY_ITSELF;
const LEAST_OF_P99 = 0.05;

/** Whose answers a vital times, be it seen there or where one waits for it: no ages of transactions, locks or copies. */
const timedServer = ({ kind }: Part, { name, unit }: Vital): Server | undefined => {
  if (unit !== 'seconds' || /transaction|\bage\b|\blag\b|\block|uptime|loop/i.test(name)) return undefined;
  if (kind === 'redis' || kind === 'postgres') return kind;
  if (/redis/i.test(name)) return 'redis';
  return /postgres|database/i.test(name) ? 'postgres' : undefined;
};

/** The busiest process, as in `highest: api-2, 41 %`. */
export const highestCpu = (run: Run): { part: string; share: number } | undefined => {
  const seconds = measuredSeconds(run);
  return run.parts
    .filter(({ kind }) => kind !== 'generator')
    .map((part) => ({
      part: part.name,
      share: median(valuesIn(vitalOf(part, 'cpu')?.values ?? [], seconds)),
    }))
    .filter(({ share }) => Number.isFinite(share))
    .toSorted((a, b) => b.share - a.share)[0];
};

const meanwhile = (run: Run, crossings: readonly Crossing[]): string => {
  const busiest = highestCpu(run);
  if (!busiest || crossings.some(({ vital }) => vital === 'cpu')) return '';
  return `, while no process was near its CPU (highest: ${busiest.part}, ${percent(busiest.share)}): the time is spent waiting, not computing`;
};

/** The median time of answers when it is long, and what it is compared with. */
const slowAnswers = (run: Run, server: Server, { values }: Vital) => {
  const now = median(valuesIn(values, measuredSeconds(run)));
  const before = valuesIn(values, quietSeconds(run));
  const quiet = before.length >= 3 ? median(before) : undefined;
  const relative = quiet !== undefined && now >= LEAST_RATIO * quiet && now - quiet >= LEAST_SECONDS;
  const p99 = median(valuesIn(p99Series(run), measuredSeconds(run)));
  const slow = relative || now >= SLOW_BY_ITSELF[server];
  if (!slow || now < LEAST_OF_P99 * p99) return [];
  return [{ server, now, quiet: relative ? quiet : undefined }];
};

/** Redis or PostgreSQL that answered late; of several that timed it, by the one that waited longest. */
export const findWaiting = (run: Run, crossings: readonly Crossing[]): Finding[] => {
  const slow = run.parts
    .flatMap((part) =>
      part.vitals.flatMap((vital) => {
        const server = timedServer(part, vital);
        return server ? slowAnswers(run, server, vital) : [];
      }),
    )
    .toSorted((a, b) => b.now - a.now);
  return (['redis', 'postgres'] as const).flatMap((server): Finding[] => {
    const worst = slow.find((one) => one.server === server);
    if (!worst) return [];
    const { now, quiet } = worst;
    const compared =
      quiet === undefined
        ? 'median; a server nearby hardly ever needs so long'
        : `median; ${duration(quiet)} in the quiet seconds before`;
    const sentence = `${called(server)} answered in ${duration(now)} (${compared})${meanwhile(run, crossings)}.`;
    const part = run.parts.find(({ kind }) => kind === server)?.name ?? server;
    return [{ kind: 'dependency', part, sentence, weight: 90 }];
  });
};

const LEAST_THROTTLED = 0.1;

/** It has a finding of its own, and is none of being unlike the siblings. */
export const isThrottling = (name: string): boolean => /throttl/i.test(name);

/** Containers that the kernel held back (cpu.stat of control groups: nr_throttled of nr_periods). */
export const findThrottling = (run: Run): Finding[] =>
  run.parts.flatMap((part): Finding[] => {
    const vital = part.vitals.find(({ name, unit }) => isThrottling(name) && unit === 'share');
    const values = valuesIn(vital?.values ?? [], measuredSeconds(run));
    const share = values.length > 0 ? mean(values) : 0;
    if (share < LEAST_THROTTLED) return [];
    const sentence = `${called(part.name)} had its CPU throttled in ${percent(share)} of periods: its limit stopped it, even where the mean of a second looks low.`;
    return [{ kind: 'throttling', part: part.name, sentence, weight: 65 + 10 * share }];
  });

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
const LEAST_OF_P99 = 0.05;

/** How long others wait for this part: no ages of transactions, locks or copies. */
const isAnswerTime = ({ name, unit }: Vital) =>
  unit === 'seconds' && !/transaction|age|lag|lock|uptime|loop/i.test(name);

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
const slowAnswers = (run: Run, part: Part, { values }: Vital) => {
  const now = median(valuesIn(values, measuredSeconds(run)));
  const before = valuesIn(values, quietSeconds(run));
  const quiet = before.length >= 3 ? median(before) : undefined;
  const relative = quiet !== undefined && now >= LEAST_RATIO * quiet && now - quiet >= LEAST_SECONDS;
  const p99 = median(valuesIn(p99Series(run), measuredSeconds(run)));
  const matters = now >= LEAST_OF_P99 * p99;
  const slow = relative || now >= SLOW_BY_ITSELF[part.kind as keyof typeof SLOW_BY_ITSELF];
  return slow && matters ? { now, quiet: relative ? quiet : undefined } : undefined;
};

/** Redis or PostgreSQL that answered late. */
export const findWaiting = (run: Run, crossings: readonly Crossing[]): Finding[] =>
  run.parts
    .filter(({ kind }) => kind === 'redis' || kind === 'postgres')
    .flatMap((part) =>
      part.vitals.filter(isAnswerTime).flatMap((vital): Finding[] => {
        const slow = slowAnswers(run, part, vital);
        if (!slow) return [];
        const compared =
          slow.quiet === undefined
            ? 'median; a server nearby hardly ever needs so long'
            : `median; ${duration(slow.quiet)} in the quiet seconds before`;
        const sentence = `${called(part.kind)} answered in ${duration(slow.now)} (${compared})${meanwhile(run, crossings)}.`;
        return [{ kind: 'dependency', part: part.name, sentence, weight: 90 }];
      }),
    );

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

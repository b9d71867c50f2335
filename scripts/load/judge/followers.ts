import type { Run, Unit } from '../run.ts';
import type { Finding } from './findings.ts';
import { correlation, measuredSeconds, p99Series, spread, valuesIn } from './series.ts';
import { amount, called, vitalName } from './words.ts';

/** Among a hundred series of noise, none comes so high in half a minute. */
const LEAST_CORRELATION = 0.7;
const LEAST_RATIO = 1.5;
const LEAST_DIFFERENCE: Record<Unit, number> = {
  share: 0.1,
  seconds: 0.003,
  count: 5,
  'per second': Number.POSITIVE_INFINITY, // the load itself, and no cause of it
  bytes: 64 * 2 ** 20,
};
const MOST = 2;

/** As in `, and throughput fell (r = -0.71)`; only where it did change. */
const throughput = (run: Run, values: readonly (number | null)[], seconds: readonly number[]): string => {
  const succeeded = run.load.map((second) => second.succeeded);
  const [low, high] = spread(valuesIn(succeeded, seconds));
  const r = correlation(values, succeeded, seconds);
  return high > low * 1.1 && r <= -0.5 ? `, and throughput fell as it rose (r = ${r.toFixed(2)})` : '';
};

/** Vitals that rose and fell with p99, the closest two, of each name only the closest part's. */
export const findFollowers = (run: Run): Finding[] => {
  const seconds = measuredSeconds(run);
  const p99 = p99Series(run);
  const [best, worst] = spread(valuesIn(p99, seconds));
  if (worst < best * LEAST_RATIO) return [];
  const found = run.parts.flatMap((part) =>
    part.vitals.map(({ name, unit, values }) => {
      const [low, high] = spread(valuesIn(values, seconds));
      const moved = high >= low * LEAST_RATIO && high - low >= LEAST_DIFFERENCE[unit];
      const r = moved ? correlation(values, p99, seconds) : 0;
      const range = `it ranged from ${amount(low, unit)} to ${amount(high, unit)}`;
      const sentence = `${called(part.name)}: ${vitalName(name)} rose and fell with p99 (r = ${r.toFixed(2)}; ${range})${throughput(run, values, seconds)}. That is no proof of a cause.`;
      return { kind: 'follower' as const, part: part.name, name, sentence, r, weight: 30 + 20 * r };
    }),
  );
  return found
    .filter(({ r }) => r >= LEAST_CORRELATION)
    .toSorted((a, b) => b.r - a.r)
    .filter(({ name }, index, all) => all.findIndex((other) => other.name === name) === index)
    .slice(0, MOST)
    .map(({ r, name, ...finding }) => finding);
};

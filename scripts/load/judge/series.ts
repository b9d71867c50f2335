import { medianSorted, quantile, sampleRankCorrelation } from 'simple-statistics';
import { measured, type Part, type Run, type Vital } from '../run.ts';

/** The seconds of a run that count, in order. */
export const measuredSeconds = (run: Run): number[] => {
  const phases = measured(run);
  return run.load
    .map((_, second) => second)
    .filter((second) => phases.some(({ from, to }) => second >= from && second < to));
};

/** The seconds before the load was near its height: of the debug run, and of the first half of the ramp. */
export const quietSeconds = (run: Run): number[] => {
  const first = measuredSeconds(run)[0] ?? 0;
  const quiet = run.phases.filter(({ name }) => name === 'debug' || name === 'ramp');
  const inside = (second: number) =>
    quiet.some(({ name, from, to }) => second >= from && second < (name === 'ramp' ? (from + to) / 2 : to));
  return Array.from({ length: first }, (_, second) => second).filter(inside);
};

/** What was there of a series in those seconds. */
export const valuesIn = (values: readonly (number | null)[], seconds: readonly number[]): number[] =>
  seconds.map((second) => values[second]).filter((value): value is number => typeof value === 'number');

/** NaN of none. */
export const median = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : medianSorted(values.toSorted((a, b) => a - b));

export const vitalOf = (part: Part, name: string): Vital | undefined =>
  part.vitals.find((vital) => vital.name === name);

/** The range that most values lie in: from the 10th to the 90th percentile. */
export const spread = (values: number[]): [number, number] =>
  values.length === 0 ? [0, 0] : [quantile(values, 0.1), quantile(values, 0.9)];

const FEWEST_PAIRS = 15;

/** Spearman's rank correlation of two series in those seconds; 0 of too few pairs, or of a series that stands still. */
export const correlation = (
  one: readonly (number | null)[],
  other: readonly (number | null)[],
  seconds: readonly number[],
): number => {
  const pairs = seconds.flatMap((second) => {
    const [a, b] = [one[second], other[second]];
    return typeof a === 'number' && typeof b === 'number' ? [[a, b] as const] : [];
  });
  if (pairs.length < FEWEST_PAIRS) return 0;
  const result = sampleRankCorrelation(
    pairs.map(([a]) => a),
    pairs.map(([, b]) => b),
  );
  return Number.isFinite(result) ? result : 0;
};

/** p99 in each second, null where nothing was due. */
export const p99Series = (run: Run): (number | null)[] =>
  run.load.map(({ due, p99 }) => (due > 0 ? p99 : null));

import { quantile } from 'simple-statistics';

/** Repeatable randomness (mulberry32, public domain by Tommy Ettinger): the same runs give the same interval. */
const createGenerator = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const ROUNDS = 4_000;
const SEED = 20_260_131;

/** A ratio and the interval that holds 95 % of its bootstrap (Efron's percentile method). */
export interface Ratio {
  ratio: number;
  low: number;
  high: number;
}

/** How a statistic of `these` relates to that of `those`, both resampled with replacement. */
export const bootstrapRatio = <T>(
  these: readonly T[],
  those: readonly T[],
  statistic: (samples: readonly T[]) => number,
): Ratio => {
  const next = createGenerator(SEED);
  const resample = (items: readonly T[]) => items.map(() => items[Math.floor(next() * items.length)] as T);
  const ratios = Array.from(
    { length: ROUNDS },
    () => statistic(resample(these)) / statistic(resample(those)),
  ).filter(Number.isFinite);
  const ratio = statistic(these) / statistic(those);
  if (ratios.length === 0 || !Number.isFinite(ratio))
    return { ratio: Number.NaN, low: 0, high: Number.POSITIVE_INFINITY };
  return { ratio, low: quantile(ratios, 0.025), high: quantile(ratios, 0.975) };
};

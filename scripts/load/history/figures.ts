import { mean } from 'simple-statistics';
import type { Sample } from './samples.ts';

export type FigureName = 'p50' | 'p95' | 'p99' | 'failed share' | 'throughput' | 'CPU per request';

/** A figure that two groups are compared by. */
export interface FigureKind {
  name: FigureName;
  unit: 'seconds' | 'share' | 'per second';
  moreIsBetter: boolean;
  /** A smaller difference is not told: relative, and for shares also absolute. */
  leastRatio: number;
  leastDifference: number;
  /** The words for more and less of it, as in `15–25 % longer`. */
  more: string;
  less: string;
  statistic(samples: readonly Sample[]): number;
  /** What is shown, where that is not the statistic. */
  shown?(samples: readonly Sample[]): number;
}

const total = (samples: readonly Sample[], value: (sample: Sample) => number): number =>
  samples.reduce((sum, sample) => sum + value(sample), 0);

const latency = (name: 'p50' | 'p95' | 'p99'): FigureKind => ({
  name,
  unit: 'seconds',
  moreIsBetter: false,
  leastRatio: 0.05,
  leastDifference: 0,
  more: 'longer',
  less: 'shorter',
  statistic: (samples) => mean(samples.map((sample) => sample[name])),
});

export const FIGURES: readonly FigureKind[] = [
  latency('p50'),
  latency('p95'),
  latency('p99'),
  {
    name: 'failed share',
    unit: 'share',
    moreIsBetter: false,
    leastRatio: 0.05,
    leastDifference: 0.0005,
    more: 'higher',
    less: 'lower',
    // Half a failure is added, so that a group without any can be compared with one that has some.
    statistic: (samples) =>
      (total(samples, ({ failed }) => failed) + 0.5) / (total(samples, ({ due }) => due) + 1),
    shown: (samples) => total(samples, ({ failed }) => failed) / total(samples, ({ due }) => due),
  },
  {
    name: 'throughput',
    unit: 'per second',
    moreIsBetter: true,
    leastRatio: 0.02,
    leastDifference: 0,
    more: 'higher',
    less: 'lower',
    statistic: (samples) =>
      total(samples, ({ succeeded }) => succeeded) / total(samples, ({ seconds }) => seconds),
  },
  {
    name: 'CPU per request',
    unit: 'seconds',
    moreIsBetter: false,
    leastRatio: 0.05,
    leastDifference: 0,
    more: 'higher',
    less: 'lower',
    statistic: (samples) =>
      total(samples, ({ cpuSeconds = Number.NaN }) => cpuSeconds) /
      total(samples, ({ succeeded }) => succeeded),
  },
];

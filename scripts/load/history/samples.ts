import { mean } from 'simple-statistics';
import { measuredSeconds, vitalOf } from '../judge/series.ts';
import { decodeLatencies, percentile } from '../latencies.ts';
import type { Run } from '../run.ts';

/** What was seen in a run, or in a block of one. Latencies in seconds. */
export interface Sample {
  seconds: number;
  due: number;
  succeeded: number;
  failed: number;
  /** CPU time of the system's parts without the generator, in seconds; undefined when limits are unknown. */
  cpuSeconds: number | undefined;
  p50: number;
  p95: number;
  p99: number;
}

/** CPU is kept as a share of what a part may use, so a part without a known limit makes the sum unknown. */
const cpuSecondsIn = (run: Run, seconds: readonly number[]): number | undefined => {
  const parts = run.parts.filter((part) => part.kind !== 'generator' && vitalOf(part, 'cpu'));
  if (parts.length === 0 || parts.some(({ cpuLimitCores }) => cpuLimitCores === null)) return undefined;
  return parts.reduce((sum, part) => {
    const values = vitalOf(part, 'cpu')?.values ?? [];
    const present = seconds.map((second) => values[second]).filter((value) => typeof value === 'number');
    const share = present.length === 0 ? 0 : mean(present);
    return sum + share * seconds.length * (part.cpuLimitCores ?? 0);
  }, 0);
};

const countsIn = (run: Run, seconds: readonly number[]) => {
  const sum = (name: 'due' | 'succeeded' | 'failed') =>
    seconds.reduce((total, second) => total + (run.load[second]?.[name] ?? 0), 0);
  return {
    seconds: seconds.length,
    due: sum('due'),
    succeeded: sum('succeeded'),
    failed: sum('failed'),
    cpuSeconds: cpuSecondsIn(run, seconds),
  };
};

/** The measured phases of a run as one sample, its latencies those of all requests together. */
export const sampleRun = (run: Run): Sample => {
  const histograms = run.requests.map(({ latencies }) => decodeLatencies(latencies));
  const [all, ...rest] = histograms;
  for (const histogram of rest) all?.add(histogram);
  const at = (share: number) => (all ? percentile(all, share) : 0);
  return { ...countsIn(run, measuredSeconds(run)), p50: at(50), p95: at(95), p99: at(99) };
};

const BLOCK_SECONDS = 5; // long enough that neighbours hardly depend on each other

/** Blocks of 5 measured seconds; their latencies are means of the seconds' own, since no more is kept. */
export const sampleBlocks = (run: Run): Sample[] => {
  const seconds = measuredSeconds(run);
  const count = Math.floor(seconds.length / BLOCK_SECONDS);
  return Array.from({ length: count }, (_, index) => {
    const block = seconds.slice(index * BLOCK_SECONDS, (index + 1) * BLOCK_SECONDS);
    const average = (name: 'p50' | 'p95' | 'p99') =>
      mean(block.map((second) => run.load[second]?.[name] ?? 0));
    return { ...countsIn(run, block), p50: average('p50'), p95: average('p95'), p99: average('p99') };
  });
};

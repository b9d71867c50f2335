import type { Run } from '../run.ts';
import type { Crossing } from './crossings.ts';
import { findFollowers } from './followers.ts';
import { findOutliers } from './outliers.ts';
import { findOverruns } from './overruns.ts';
import { findRefusals } from './refusals.ts';
import type { Slo } from './slo.ts';
import { findThrottling, findWaiting } from './waiting.ts';

/** Something that may have limited the system, in a sentence for somebody who does not know it. */
export interface Finding {
  kind: 'generator' | 'dependency' | 'outlier' | 'overrun' | 'throttling' | 'failures' | 'follower';
  /** What it is about; empty when it is the whole system. */
  part: string;
  sentence: string;
  /** The highest comes first: how surely it is a limit, and not only a symptom. */
  weight: number;
}

const MOST = 6;

/** At most six, the weightiest first; none when nothing stood out of the noise. */
export const findLimits = (run: Run, slo: Slo, crossings: readonly Crossing[]): Finding[] => {
  const found = [
    ...findOverruns(run, slo, crossings),
    ...findWaiting(run, crossings),
    ...findOutliers(run),
    ...findThrottling(run),
    ...findRefusals(run),
  ];
  const explained = new Set(found.map(({ part }) => part));
  const rest = findFollowers(run).filter(({ part }) => !explained.has(part));
  return [...found, ...rest].toSorted((a, b) => b.weight - a.weight).slice(0, MOST);
};

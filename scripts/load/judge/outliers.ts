import { mean } from 'simple-statistics';
import type { Part, Run, Unit } from '../run.ts';
import type { Finding } from './findings.ts';
import { measuredSeconds, median, valuesIn } from './series.ts';
import { isThrottling } from './waiting.ts';
import { amount, percent, vitalName } from './words.ts';

const FEWEST_PARTS = 3; // of two, nobody can say which is the odd one
const FARTHEST = 6; // robust deviations; noise among few parts comes to 4 or 5
const LEAST_RATIO = 1.5;
/** A smaller difference is no matter, however regular the siblings are. */
const LEAST_DIFFERENCE: Record<Unit, number> = {
  share: 0.15,
  seconds: 0.02,
  count: 20,
  'per second': Number.POSITIVE_INFINITY,
  bytes: 128 * 2 ** 20,
};

/** How far a value lies from its siblings' median, in deviations estimated by the median of theirs (1.4826 MAD). */
const distance = (value: number, siblings: readonly number[]): number => {
  const centre = median(siblings);
  const deviation = 1.4826 * median(siblings.map((one) => Math.abs(one - centre)));
  return Math.abs(value - centre) / Math.max(deviation, Math.abs(centre) * 0.02, 1e-9);
};

/** Above its siblings by all three: the distance, the ratio, and the difference. */
const standsOut = (value: number, siblings: readonly number[], unit: Unit): boolean => {
  const centre = median(siblings);
  return (
    value - centre >= LEAST_DIFFERENCE[unit] &&
    value >= centre * LEAST_RATIO &&
    distance(value, siblings) >= FARTHEST
  );
};

/** As in `CPU 98 % vs 40 %`, for each vital in which the part differs; means of the measured seconds. */
const differences = (part: Part, siblings: readonly Part[], seconds: readonly number[]): string[] =>
  part.vitals.flatMap(({ name, unit, values }) => {
    const average = (series: readonly (number | null)[]) => {
      const present = valuesIn(series, seconds);
      return present.length === 0 ? Number.NaN : mean(present);
    };
    if (isThrottling(name)) return [];
    const theirs = siblings
      .map((sibling) => average(sibling.vitals.find((vital) => vital.name === name)?.values ?? []))
      .filter(Number.isFinite);
    const own = average(values);
    if (theirs.length < FEWEST_PARTS - 1 || !standsOut(own, theirs, unit)) return [];
    return [`${vitalName(name)} ${amount(own, unit)} vs ${amount(median(theirs), unit)}`];
  });

/** Of the requests that parts of its kind answered; undefined when answers do not say who gave them. */
const answeredShare = (run: Run, part: Part, kin: readonly Part[]): number | undefined => {
  const count = (name: string) => run.requests.reduce((sum, { servedBy }) => sum + (servedBy[name] ?? 0), 0);
  const all = kin.reduce((sum, { name }) => sum + count(name), 0);
  return all === 0 ? undefined : count(part.name) / all;
};

const describe = (part: Part, siblings: readonly Part[], found: string[], share: number | undefined) => {
  const parts = [...found];
  const even = 1 / (siblings.length + 1);
  if (share !== undefined && Math.abs(share - even) > even / 4)
    parts.push(`it answered ${percent(share)} of the requests`);
  return `${part.name} behaved unlike its ${siblings.length} siblings: ${parts.join(', ')} (means, against the siblings' median).`;
};

/** Parts that differ from the others of their kind. */
export const findOutliers = (run: Run): Finding[] => {
  const seconds = measuredSeconds(run);
  return run.parts.flatMap((part): Finding[] => {
    const kin = run.parts.filter(({ kind }) => kind === part.kind && kind !== 'other');
    if (kin.length < FEWEST_PARTS) return [];
    const siblings = kin.filter((one) => one !== part);
    const found = differences(part, siblings, seconds);
    const share = answeredShare(run, part, kin);
    const answersFew = share !== undefined && share < 0.5 / kin.length;
    if (found.length === 0 && !answersFew) return [];
    const sentence = describe(part, siblings, found, share);
    return [{ kind: 'outlier', part: part.name, sentence, weight: 80 + found.length }];
  });
};

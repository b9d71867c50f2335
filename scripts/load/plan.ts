import type { Slo } from './judge/slo.ts';
import { levelOf } from './judge/slo.ts';
import type { LoadSecond, Part, Phase, Step } from './run.ts';

/** Seconds of little load first: what is idle is what the rest is compared with. */
const DEBUG_SECONDS = 5;
const RAISE = 1.25;
const MOST_STEPS = 16;

interface Plan {
  rate: number;
  ramp: number;
  hold: number;
  findLimit: boolean;
}

/** A debug run, a ramp, and one hold; or steps that each ask a quarter more. */
export const planPhases = ({ rate, ramp, hold, findLimit }: Plan): Phase[] => {
  const rampEnd = DEBUG_SECONDS + ramp;
  const start: Phase[] = [{ name: 'debug', from: 0, to: DEBUG_SECONDS, rate: Math.max(1, rate / 20) }];
  if (ramp > 0) start.push({ name: 'ramp', from: DEBUG_SECONDS, to: rampEnd, rate });
  if (!findLimit) return [...start, { name: 'hold', from: rampEnd, to: rampEnd + hold, rate }];
  const steps = Array.from({ length: MOST_STEPS }, (_, index): Phase => {
    const from = rampEnd + index * hold;
    return { name: 'step', from, to: from + hold, rate: Math.round(rate * RAISE ** index) };
  });
  return [...start, ...steps];
};

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Whether a step's service levels and red lines held: by medians of its seconds, as one bad second breaks nothing. */
export const isHeld = (
  { from, to }: Pick<Phase, 'from' | 'to'>,
  load: readonly LoadSecond[],
  parts: readonly Part[],
  slo: Slo,
): boolean => {
  const seconds = load.slice(from, to);
  const { p99 = Number.POSITIVE_INFINITY, failedShare = 0 } = levelOf(slo, '*');
  const sum = (figure: 'due' | 'failed') => seconds.reduce((total, second) => total + second[figure], 0);
  const isRed = (name: 'cpu' | 'memory') =>
    parts.some(({ vitals }) => {
      const values = vitals.find((vital) => vital.name === name)?.values.slice(from, to) ?? [];
      return median(values.filter((value) => value !== null)) > slo.redLines[name];
    });
  return (
    median(seconds.map((second) => second.p99)) <= p99 &&
    sum('failed') <= failedShare * sum('due') &&
    !isRed('cpu') &&
    !isRed('memory')
  );
};

/** What became of the steps that were reached. */
export const stepsOf = (phases: readonly Phase[], load: LoadSecond[], parts: Part[], slo: Slo): Step[] =>
  phases
    .filter(({ name, to }) => name === 'step' && to <= load.length)
    .map(({ rate, from, to }) => ({ rate, from, to, held: isHeld({ from, to }, load, parts, slo) }));

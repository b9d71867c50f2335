import type { Phase } from '../run.ts';

/** Arrivals per second at a moment: a ramp rises evenly from the phase before it. */
const rateAt = (phases: readonly Phase[], index: number, second: number): number => {
  const { name, from, to, rate } = phases[index] as Phase;
  if (name !== 'ramp') return rate;
  const before = index > 0 ? (phases[index - 1] as Phase).rate : 0;
  return before + ((rate - before) * (second - from)) / (to - from);
};

/** Ramps begin at nothing, where the time to the next arrival would be endless. */
const LOWEST_RATE = 0.5;

/**
 * When arrivals are due, in seconds from the start: evenly spaced by the rate of their moment, whatever becomes of those
 * before. That is an open model; clients that wait for their answers would ask a slow server less, and hide how slow it is.
 */
export function* arrivalTimes(phases: readonly Phase[]): Generator<number> {
  for (const [index, { from, to }] of phases.entries()) {
    let at = from;
    while (at < to) {
      yield at;
      at += 1 / Math.max(LOWEST_RATE, rateAt(phases, index, at));
    }
  }
}

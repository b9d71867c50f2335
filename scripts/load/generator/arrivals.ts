import type { Phase } from '../run.ts';

/** Arrivals per second at a moment of a ramp, which rises evenly from the phase before it. */
const rateIn = (phases: readonly Phase[], index: number, second: number): number => {
  const { from, to, rate } = phases[index] as Phase;
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
  for (const [index, { name, from, to, rate }] of phases.entries()) {
    if (name === 'ramp')
      for (let at = from; at < to; at += 1 / Math.max(LOWEST_RATE, rateIn(phases, index, at))) yield at;
    else for (let count = 0; count < Math.round((to - from) * rate); count += 1) yield from + count / rate;
  }
}

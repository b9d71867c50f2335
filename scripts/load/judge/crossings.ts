import type { Run } from '../run.ts';
import { measuredSeconds, vitalOf } from './series.ts';
import type { Slo } from './slo.ts';

/** A stretch in which a part was above a red line. Seconds of the run; the line and the peak are shares. */
export interface Crossing {
  part: string;
  vital: 'cpu' | 'memory';
  from: number;
  to: number;
  line: number;
  peak: number;
}

/** A shorter one is a burst that nobody has to act upon. */
const SHORTEST_SECONDS = 3;

/** Stretches of consecutive seconds, as [first, last]. */
const stretches = (seconds: readonly number[]): [number, number][] => {
  const found: [number, number][] = [];
  for (const second of seconds) {
    const last = found.at(-1);
    if (last && last[1] === second - 1) last[1] = second;
    else found.push([second, second]);
  }
  return found;
};

/** Where CPU or memory was above its line for 3 seconds in a row or more, in the measured phases. */
export const findCrossings = (run: Run, { redLines }: Slo): Crossing[] => {
  const counted = measuredSeconds(run);
  return run.parts.flatMap((part) =>
    (['cpu', 'memory'] as const).flatMap((name) => {
      const values = vitalOf(part, name)?.values ?? [];
      const line = redLines[name];
      const above = counted.filter((second) => (values[second] ?? 0) > line);
      return stretches(above)
        .filter(([first, last]) => last - first + 1 >= SHORTEST_SECONDS)
        .map(([first, last]) => {
          const peak = Math.max(...values.slice(first, last + 1).map((value) => value ?? 0));
          return { part: part.name, vital: name, from: first, to: last + 1, line, peak };
        });
    }),
  );
};

import type { Run } from '../run.ts';
import { measuredSeconds, median, p99Series, quietSeconds, valuesIn, vitalOf } from './series.ts';
import type { Slo } from './slo.ts';
import { highestCpu } from './waiting.ts';
import { duration, percent } from './words.ts';

const NEAR = 0.9;

/** Whether CPU or memory came to nine tenths of its line, if only for a second. */
const cameNear = (run: Run, { redLines }: Slo): boolean =>
  run.parts.some((part) =>
    (['cpu', 'memory'] as const).some((name) => {
      const values = valuesIn(vitalOf(part, name)?.values ?? [], measuredSeconds(run));
      return values.some((value) => value > redLines[name] * NEAR);
    }),
  );

/** That latency grew with the load though nothing here explains it; empty when it did not. */
const unexplained = (run: Run): string => {
  const of = (seconds: number[]) => median(valuesIn(p99Series(run), seconds));
  const [quiet, now] = [of(quietSeconds(run)), of(measuredSeconds(run))];
  const grew = now >= quiet * 4 && now - quiet >= 0.05;
  return grew
    ? ` Yet p99 rose from ${duration(quiet)} in the quiet seconds before to ${duration(now)} (medians): the time is spent waiting for something that was not watched.`
    : '';
};

/** What is said of a run that nothing stood out of. */
export const nothingFound = (run: Run, slo: Slo): string => {
  const lines = cameNear(run, slo) ? 'No red line was crossed' : 'Nothing came near a red line';
  const busiest = highestCpu(run);
  const most = busiest ? ` The busiest was ${busiest.part}, at ${percent(busiest.share)} CPU (median).` : '';
  return `${lines}; latency followed nothing that was watched.${most}${unexplained(run)}`;
};

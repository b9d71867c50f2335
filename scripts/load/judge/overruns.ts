import type { Run } from '../run.ts';
import type { Crossing } from './crossings.ts';
import type { Finding } from './findings.ts';
import { correlation, measuredSeconds, p99Series, vitalOf } from './series.ts';
import type { Slo } from './slo.ts';
import { called, clock, percent, vitalName } from './words.ts';

/** Then a result tells of the generator: its requests were not sent when they were due, or soon will not be. */
export const isSaturated = (run: Run, { redLines }: Slo, crossings: readonly Crossing[]): boolean => {
  const generators = run.parts.filter(({ kind }) => kind === 'generator').map(({ name }) => name);
  return run.lateShare > redLines.late || crossings.some(({ part }) => generators.includes(part));
};

const total = (crossings: readonly Crossing[]) => crossings.reduce((sum, { from, to }) => sum + to - from, 0);

/** As in `from 0:20 to 1:00 (peak 99 %)`. */
const whenAbove = (crossings: readonly Crossing[]): string => {
  const [first, last] = [crossings[0] as Crossing, crossings.at(-1) as Crossing];
  const peak = `peak ${percent(Math.max(...crossings.map((crossing) => crossing.peak)))}`;
  const range = `${clock(first.from)} to ${clock(last.to)}`;
  if (crossings.length === 1) return `from ${range} (${peak})`;
  return `for ${total(crossings)} s in ${crossings.length} stretches from ${range} (${peak})`;
};

const followed = (r: number): string => {
  const value = `r = ${r.toFixed(2)}`;
  if (r >= 0.5) return `and p99 rose with it (${value})`;
  return `but p99 did not rise and fall with it (${value})`;
};

const describeGenerator = (run: Run, { redLines }: Slo, crossings: readonly Crossing[]): string => {
  const [first] = crossings;
  const above = first && `was above ${percent(first.line)} ${vitalName(first.vital)} ${whenAbove(crossings)}`;
  const late = run.lateShare > redLines.late && `sent ${percent(run.lateShare)} of the requests late`;
  const did = [above, late].filter(Boolean).join(' and ');
  return `The generator was saturated: it ${did}. The figures are the generator's, so this is no result of the system.`;
};

/** Parts above a red line, and whether p99 went along. */
export const findOverruns = (run: Run, slo: Slo, crossings: readonly Crossing[]): Finding[] => {
  const seconds = measuredSeconds(run);
  const findings: Finding[] = [];
  for (const part of run.parts)
    for (const vital of ['cpu', 'memory'] as const) {
      const own = crossings.filter((one) => one.part === part.name && one.vital === vital);
      const [first] = own;
      if (!first || part.kind === 'generator') continue;
      const r = correlation(vitalOf(part, vital)?.values ?? [], p99Series(run), seconds);
      const line = `${percent(first.line)} ${vitalName(vital)}`;
      findings.push({
        kind: 'overrun',
        part: part.name,
        sentence: `${called(part.name)} was above ${line} ${whenAbove(own)}, ${followed(r)}.`,
        weight: 60 + (10 * total(own)) / seconds.length + 10 * Math.max(0, r),
      });
    }
  if (!isSaturated(run, slo, crossings)) return findings;
  const names = run.parts.filter(({ kind }) => kind === 'generator').map(({ name }) => name);
  const own = crossings.filter(({ part }) => names.includes(part));
  const sentence = describeGenerator(run, slo, own);
  return [{ kind: 'generator', part: names[0] ?? 'generator', sentence, weight: 100 }, ...findings];
};

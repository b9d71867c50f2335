import type { Run } from '../run.ts';
import { type Crossing, findCrossings } from './crossings.ts';
import { type Finding, findLimits } from './findings.ts';
import { judgeLevels, type LevelResult } from './levels.ts';
import { nothingFound } from './nothing-found.ts';
import { isSaturated } from './overruns.ts';
import { measuredSeconds } from './series.ts';
import type { Slo } from './slo.ts';
import { clock, duration, percent } from './words.ts';

export type { Crossing, Finding, LevelResult };

/** What a run comes to. */
export interface Verdict {
  /** `no result` when the generator was saturated, or the run did not come to its end. */
  outcome: 'pass' | 'fail' | 'no result';
  /** Why, each in a few words. */
  reasons: string[];
  levels: LevelResult[];
  /** Where they were drawn, shares. */
  redLines: Slo['redLines'];
  crossings: Crossing[];
  findings: Finding[];
  /** What limited the system, the weightiest first; or that nothing did. */
  sentences: string[];
}

const written = ({ figure, measured, allowed }: LevelResult): string => {
  const [name, words] = figure === 'failedShare' ? ['failed', percent] : [figure, duration];
  return `${name} ${words(measured ?? 0)} (allowed ${words(allowed)})`;
};

/** One reason for each request, with all that it broke. */
const brokenLevels = (levels: readonly LevelResult[]): string[] => {
  const broken = levels.filter(({ met }) => met === false);
  return [...new Set(broken.map(({ request }) => request))].map((request) => {
    const own = broken.filter((level) => level.request === request);
    return `${request}: ${own.map(written).join(', ')}`;
  });
};

const crossed = (crossings: readonly Crossing[]): string[] => {
  const names = new Set(crossings.map(({ part, vital }) => `${part} (${vital === 'cpu' ? 'CPU' : vital})`));
  return names.size === 0 ? [] : [`above a red line: ${[...names].join(', ')}`];
};

const uncounted = (run: Run, slo: Slo, crossings: readonly Crossing[]): string[] => {
  const seconds = measuredSeconds(run).length;
  return [
    ...(isSaturated(run, slo, crossings) ? ['the generator was saturated'] : []),
    ...(run.interrupted ? [`the run was interrupted at ${clock(run.load.length)}`] : []),
    ...(seconds === 0 ? ['nothing was measured'] : []),
  ];
};

const limitOf = ({ steps }: Run): string[] => {
  const held = steps.filter((step) => step.held).map(({ rate }) => rate);
  const broken = steps.filter((step) => !step.held).map(({ rate }) => rate);
  if (steps.length === 0) return [];
  if (held.length === 0) return [`no rate was held, not even ${Math.min(...broken)} per second`];
  const next = broken.length > 0 ? `, and not at ${Math.min(...broken)}` : '; its limit was not found';
  return [`service levels were held up to ${Math.max(...held)} per second${next}`];
};

/** Steps are made to end in a broken one: there, to have held any is to pass. */
const faultsOf = (run: Run, levels: LevelResult[], crossings: Crossing[]): string[] => {
  if (run.steps.length > 0) return run.steps.some(({ held }) => held) ? [] : limitOf(run);
  return [...brokenLevels(levels), ...crossed(crossings)];
};

/** Judges a run by service levels and red lines, and says what limited it. Computes only. */
export const judge = (run: Run, slo: Slo): Verdict => {
  const levels = judgeLevels(run, slo);
  const crossings = findCrossings(run, slo);
  const findings = findLimits(run, slo, crossings);
  const uncountedReasons = uncounted(run, slo, crossings);
  const faults = faultsOf(run, levels, crossings);
  const good = run.steps.length > 0 ? limitOf(run) : ['all service levels were met, no red line was crossed'];
  const outcome = uncountedReasons.length > 0 ? 'no result' : faults.length > 0 ? 'fail' : 'pass';
  const reasons = { 'no result': uncountedReasons, fail: faults, pass: good }[outcome];
  const sentences = findings.length > 0 ? findings.map(({ sentence }) => sentence) : [nothingFound(run, slo)];
  return { outcome, reasons, levels, redLines: slo.redLines, crossings, findings, sentences };
};

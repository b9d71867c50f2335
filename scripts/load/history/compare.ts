import type { Run } from '../run.ts';
import { bootstrapRatio, type Ratio } from './bootstrap.ts';
import { FIGURES, type FigureKind, type FigureName } from './figures.ts';
import { type Sample, sampleBlocks, sampleRun } from './samples.ts';
import { summarize } from './summary.ts';

/** A figure of these runs against that of those; the ratio is these by those. */
export interface FigureComparison extends Ratio {
  figure: FigureName;
  unit: FigureKind['unit'];
  these: number;
  those: number;
  verdict: 'better' | 'worse' | 'no difference shown';
}

export interface Comparison {
  these: { label: string; ids: string[] };
  those: { label: string; ids: string[] };
  /** What was drawn again for the intervals. */
  method: string;
  figures: FigureComparison[];
  sentence: string;
}

const FEWEST_REPEATS = 3;
const FEWEST_BLOCKS = 3;

/** @throws when the runs did not do the same, saying what differs. */
const refuseUnlike = (runs: readonly Run[]): void => {
  for (const name of ['scenario', 'rate'] as const) {
    const values = [...new Set(runs.map((run) => run[name]))];
    if (values.length < 2) continue;
    const of = values.map((value) => `${value} (${runs.find((run) => run[name] === value)?.id})`);
    throw new Error(`Runs of different ${name}s cannot be compared: ${of.join(', ')}.`);
  }
};

const blocksOf = (runs: readonly Run[]): Sample[] => {
  const blocks = runs.flatMap(sampleBlocks);
  if (blocks.length >= FEWEST_BLOCKS) return blocks;
  throw new Error(
    `${runs[0]?.id} is too short to be compared: it needs 15 measured seconds, or three repeats.`,
  );
};

const describeMethod = (these: number, those: number, overRuns: boolean): string =>
  overRuns
    ? `95 % intervals by bootstrap over ${these} and ${those} runs; of fewer than about ten they are somewhat too narrow.`
    : `95 % intervals by bootstrap over blocks of 5 seconds within ${these} and ${those} runs, latencies as means of the seconds' own: they do not know how runs differ from each other. Three repeats of each do.`;

const compareFigure = (kind: FigureKind, these: Sample[], those: Sample[]): FigureComparison => {
  const ratio = bootstrapRatio(these, those, kind.statistic);
  const { shown: figureOf = kind.statistic } = kind;
  const [own, other] = [figureOf(these), figureOf(those)];
  const shown =
    (ratio.low > 1 || ratio.high < 1) &&
    Math.abs(ratio.ratio - 1) >= kind.leastRatio &&
    Math.abs(own - other) >= kind.leastDifference;
  const better = ratio.ratio > 1 === kind.moreIsBetter;
  const verdict = !shown ? 'no difference shown' : better ? 'better' : 'worse';
  return { figure: kind.name, unit: kind.unit, these: own, those: other, ...ratio, verdict };
};

const labelOf = (runs: readonly Run[]): string => [...new Set(runs.map(({ label }) => label))].join(', ');

/**
 * Compares runs with others of the same scenario and rate, each a group of repeats. The same runs give the same answer.
 * @throws when a group is empty, or the runs did not do the same.
 */
export const compare = (these: readonly Run[], those: readonly Run[]): Comparison => {
  if (these.length === 0 || those.length === 0) throw new Error('There are no runs to compare.');
  refuseUnlike([...these, ...those]);
  const overRuns = Math.min(these.length, those.length) >= FEWEST_REPEATS;
  const [own, others] = overRuns
    ? [these.map(sampleRun), those.map(sampleRun)]
    : [blocksOf(these), blocksOf(those)];
  const kinds = FIGURES.filter(({ statistic }) => Number.isFinite(statistic(own) / statistic(others)));
  const figures = kinds.map((kind) => compareFigure(kind, own, others));
  const group = (runs: readonly Run[]) => ({ label: labelOf(runs), ids: runs.map(({ id }) => id) });
  return {
    these: group(these),
    those: group(those),
    method: describeMethod(these.length, those.length, overRuns),
    figures,
    sentence: summarize(figures, labelOf(those)),
  };
};

import type { Crossing, Verdict } from '../judge/judge.ts';
import type { LoadSecond, Part, Run, Unit } from '../run.ts';
import { type ChartGroup, chartGroups } from './groups.ts';

export interface Series {
  label: string;
  values: (number | null)[];
  /** A number of the palette; parts have the same in every chart. */
  colour: number;
  dashed: boolean;
  /** Drawn thicker, since a sentence of the report is about it. */
  emphasised: boolean;
}

export interface Chart {
  title: string;
  unit: Unit;
  logarithmic: boolean;
  line: { value: number; label: string } | null;
  series: Series[];
  /** Where its own vital crossed its line; elsewhere crossings are only hinted at. */
  crossings: Crossing[];
}

/** What the page draws; all charts have the same seconds. */
export interface ChartPage {
  seconds: number[];
  phases: Run['phases'];
  crossings: Crossing[];
  charts: Chart[];
  /** Charts that would show nothing but zero. */
  zero: string[];
}

/** Numbers of colours in the style sheet; beyond them lines are dashed. */
const COLOURS = 7;
const [BLUE, RED, GREEN, PURPLE] = [0, 1, 2, 3];

/** No eye sees a fifth figure, and an hour of them would double the file. */
const rounded = (value: number | null): number | null =>
  value === null ? null : Number(value.toPrecision(4));

const ofLoad = (run: Run, name: keyof LoadSecond, label: string, colour: number, dashed = false): Series => {
  // A logarithmic axis has no zero: a second in which nothing was due has no latency.
  const values = run.load.map((second) => (second.due === 0 && name !== 'due' ? null : second[name]));
  const emphasised = name === 'p99' || name === 'due'; // what is due lies below what succeeded
  return { label, values: values.map(rounded), colour, dashed, emphasised };
};

const loadCharts = (run: Run): Chart[] => [
  {
    title: 'Requests per second',
    unit: 'count',
    logarithmic: false,
    line: null,
    crossings: [],
    series: [
      ofLoad(run, 'due', 'due', BLUE),
      ofLoad(run, 'succeeded', 'succeeded', GREEN),
      ofLoad(run, 'failed', 'failed', RED),
    ],
  },
  {
    title: 'Latency',
    unit: 'seconds',
    logarithmic: true,
    line: null,
    crossings: [],
    series: [
      ofLoad(run, 'p50', 'p50', GREEN),
      ofLoad(run, 'p95', 'p95', BLUE),
      ofLoad(run, 'p99', 'p99', RED),
      ofLoad(run, 'max', 'max', PURPLE, true),
    ],
  },
];

/** The red line of a chart, and what crossed it. */
const redLine = (vital: string, { redLines, crossings }: Verdict) => {
  if (vital !== 'cpu' && vital !== 'memory') return { line: null, crossings: [] };
  const value = redLines[vital];
  return {
    line: { value, label: `red line at ${Math.round(value * 100)} %` },
    crossings: crossings.filter((crossing) => crossing.vital === vital),
  };
};

export const chartPage = (run: Run, verdict: Verdict): ChartPage => {
  const named = new Set(verdict.findings.map(({ part }) => part));
  const place = (part: Part) => run.parts.indexOf(part);
  const isZero = ({ lines }: ChartGroup) => lines.every(({ values }) => values.every((value) => !value));
  const groups = chartGroups(run.parts);
  const vitalCharts = groups
    .filter((group) => !isZero(group))
    .map(
      ({ title, vital, unit, lines }): Chart => ({
        title,
        unit,
        logarithmic: false,
        ...redLine(vital, verdict),
        series: lines.map(({ part, label, values }, index) => ({
          label,
          values: values.map(rounded),
          colour: (lines.every((line) => line.part === part) ? index : place(part)) % COLOURS,
          dashed: place(part) >= COLOURS,
          emphasised: named.has(part.name),
        })),
      }),
    );
  return {
    seconds: run.load.map((_, second) => second),
    phases: run.phases,
    crossings: verdict.crossings,
    charts: [...loadCharts(run), ...vitalCharts],
    zero: groups.filter(isZero).map(({ title }) => title),
  };
};

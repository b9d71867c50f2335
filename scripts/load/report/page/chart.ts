import uPlot from 'uplot';
import { amount, clock } from '../../judge/words.ts';
import type { Chart, ChartPage, Series } from '../charts.ts';
import { createLegend } from './legend.ts';
import { markCrossings, shadePhases } from './marks.ts';
import { colour, seriesColour } from './theme.ts';

const FONT = '14px system-ui, sans-serif';
const HEIGHT = 220;
const AXIS = 68;

const drawn = ({ label, colour: number, dashed, emphasised }: Series): uPlot.Series => ({
  label,
  stroke: () => seriesColour(number),
  width: emphasised ? 3 : 1.5,
  ...(dashed && { dash: [6, 4] }),
  points: { show: false },
});

/** A share is shown up to all of it, so that the room below the red line is seen. */
const rangeOf = ({ unit, line, logarithmic }: Chart): uPlot.Scale => {
  if (logarithmic) return { distr: 3 };
  if (unit === 'share' && line) return { range: [0, 1] };
  return { range: (_self, _low, high) => [0, high > 0 ? high * 1.1 : 1] };
};

const axes = ({ unit, logarithmic }: Chart): uPlot.Axis[] => {
  const common = {
    stroke: () => colour('text'),
    grid: { stroke: () => colour('grid'), width: 1 },
    ticks: { stroke: () => colour('grid'), width: 1 },
    font: FONT,
  };
  // Of a logarithmic axis only the powers of ten are labelled: the others would stand upon each other.
  const write = (value: number | null) => {
    if (value === null || (logarithmic && Math.abs(Math.log10(value) % 1) > 1e-9)) return null;
    return amount(value, unit);
  };
  return [
    { ...common, space: 60, values: (_self, ticks) => ticks.map(clock) },
    { ...common, size: AXIS, space: 36, values: (_self, ticks) => ticks.map(write) },
  ];
};

const describe = ({ title, series }: Chart): string =>
  `Chart of ${title.toLowerCase()} over time: ${series.map(({ label }) => label).join(', ')}`;

/** Draws a chart at the end of `parent`; it follows the width of the page. */
export const drawChart = (
  parent: HTMLElement,
  page: ChartPage,
  chart: Chart,
  onSecond: (second: number) => void,
) => {
  const figure = document.createElement('figure');
  const caption = document.createElement('figcaption');
  caption.textContent = chart.line ? `${chart.title} (${chart.line.label})` : chart.title;
  const plot = document.createElement('div');
  plot.role = 'img';
  plot.ariaLabel = describe(chart);
  parent.append(figure);
  figure.append(caption, plot);
  const legend = createLegend(chart, (index, show) => drawing.setSeries(index + 1, { show }));
  figure.append(legend.element);
  const options: uPlot.Options = {
    width: plot.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: 'run' }, drag: { x: false, y: false }, y: false },
    scales: { x: { time: false }, y: rangeOf(chart) },
    axes: axes(chart),
    series: [{}, ...chart.series.map(drawn)],
    hooks: {
      drawClear: [(self) => shadePhases(self, page.phases)],
      draw: [(self) => markCrossings(self, page, chart)],
      setCursor: [
        ({ cursor }) => {
          if (typeof cursor.idx !== 'number') return;
          legend.show(cursor.idx);
          onSecond(cursor.idx);
        },
      ],
    },
  };
  const values = chart.series.map((series) =>
    chart.logarithmic ? series.values.map((value) => value || null) : series.values,
  );
  const drawing = new uPlot(options, [page.seconds, ...values], plot);
  new ResizeObserver(() => drawing.setSize({ width: plot.clientWidth, height: HEIGHT })).observe(plot);
  return {
    redraw: () => drawing.redraw(false, true),
    pointAt: (second: number) => drawing.setCursor({ left: drawing.valToPos(second, 'x'), top: HEIGHT / 2 }),
  };
};

import type uPlot from 'uplot';
import type { Phase } from '../../run.ts';
import type { Chart, ChartPage } from '../charts.ts';
import { colour } from './theme.ts';

const BAR = 5; // CSS pixels, as is the gap below it
const GAP = 3;

/** From a second to another, in pixels of the canvas. */
const span = (plot: uPlot, from: number, to: number): [left: number, width: number] => {
  const { left, width } = plot.bbox;
  const inside = (second: number) => Math.min(left + width, Math.max(left, plot.valToPos(second, 'x', true)));
  return [inside(from), inside(to) - inside(from)];
};

/** Greys what does not count, and tells neighbouring steps apart. */
export const shadePhases = (plot: uPlot, phases: readonly Phase[]): void => {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const [index, { name, from, to }] of phases.entries()) {
    const counts = name === 'hold' || name === 'step';
    if (counts && (name === 'hold' || index % 2 === 0)) continue;
    const [left, width] = span(plot, from, to);
    ctx.fillStyle = colour(counts ? 'step' : 'unmeasured');
    ctx.fillRect(left, bbox.top, width, bbox.height);
  }
  ctx.restore();
};

const drawLine = (plot: uPlot, value: number): void => {
  const { ctx, bbox } = plot;
  const top = plot.valToPos(value, 'y', true);
  ctx.strokeStyle = colour('red-line');
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, top);
  ctx.lineTo(bbox.left + bbox.width, top);
  ctx.stroke();
};

/** The red line and what lies above it while it is crossed; and above the chart its own crossings, or all of the run. */
export const markCrossings = (plot: uPlot, page: ChartPage, chart: Chart): void => {
  const { ctx, bbox } = plot;
  ctx.save();
  if (chart.line) {
    const bottom = plot.valToPos(chart.line.value, 'y', true);
    ctx.fillStyle = colour('crossing');
    for (const { from, to } of chart.crossings) {
      const [left, width] = span(plot, from, to);
      ctx.fillRect(left, bbox.top, width, bottom - bbox.top);
    }
    drawLine(plot, chart.line.value);
  }
  ctx.fillStyle = colour('red-line');
  for (const { from, to } of chart.line ? chart.crossings : page.crossings) {
    const [left, width] = span(plot, from, to);
    ctx.fillRect(left, bbox.top - (BAR + GAP) * devicePixelRatio, width, BAR * devicePixelRatio);
  }
  ctx.restore();
};

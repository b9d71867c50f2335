import { clock } from '../../judge/words.ts';
import type { ChartPage } from '../charts.ts';
import { drawChart } from './chart.ts';

const data = JSON.parse(document.querySelector('#data')?.textContent ?? '{}') as ChartPage;
const plots = document.querySelector('#plots') as HTMLElement;
const slider = document.querySelector('#second') as HTMLInputElement;
const output = document.querySelector('.second output') as HTMLOutputElement;

const showSecond = (second: number) => {
  slider.value = String(second);
  slider.setAttribute('aria-valuetext', clock(second));
  output.textContent = clock(second);
};

const charts = data.charts.map((chart) => drawChart(plots, data, chart, showSecond));
slider.addEventListener('input', () => {
  for (const chart of charts) chart.pointAt(Number(slider.value));
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const chart of charts) chart.redraw();
});

// uPlot draws in a microtask of its own; before it, a cursor has no place.
requestAnimationFrame(() => {
  const first = data.phases.find(({ name }) => name === 'hold' || name === 'step')?.from ?? 0;
  for (const chart of charts) chart.pointAt(first);
  document.documentElement.dataset.drawn = String(charts.length);
});

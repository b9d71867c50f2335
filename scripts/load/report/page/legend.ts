import { amount } from '../../judge/words.ts';
import type { Chart, Series } from '../charts.ts';

/** A button that shows the line as it is drawn, what it is of, and its value in the chosen second. */
const createEntry = (series: Series, onToggle: (show: boolean) => void) => {
  const button = document.createElement('button');
  const line = document.createElement('span');
  const value = document.createElement('span');
  button.type = 'button';
  button.ariaPressed = 'true';
  line.className = 'line';
  line.ariaHidden = 'true';
  line.style.borderTopColor = `var(--series-${series.colour})`;
  line.style.borderTopStyle = series.dashed ? 'dashed' : 'solid';
  line.style.borderTopWidth = series.emphasised ? '4px' : '2px';
  value.className = 'value';
  button.append(line, series.label, ' ', value);
  button.addEventListener('click', () => {
    const show = button.ariaPressed !== 'true';
    button.ariaPressed = String(show);
    onToggle(show);
  });
  return { button, value };
};

/** The names and values of a chart's lines; each can be hidden. */
export const createLegend = (
  { series, unit, title }: Chart,
  onToggle: (index: number, show: boolean) => void,
) => {
  const element = document.createElement('ul');
  element.className = 'legend';
  element.ariaLabel = `Lines of ${title}`;
  const entries = series.map((one, index) => createEntry(one, (show) => onToggle(index, show)));
  for (const { button } of entries) {
    const item = document.createElement('li');
    item.append(button);
    element.append(item);
  }
  return {
    element,
    show: (second: number) => {
      for (const [index, { value }] of entries.entries()) {
        const figure = series[index]?.values[second];
        value.textContent = typeof figure === 'number' ? amount(figure, unit) : '–';
      }
    },
  };
};

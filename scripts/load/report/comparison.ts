import type { Comparison, FigureComparison } from '../history/compare.ts';
import { amount } from '../judge/words.ts';
import { escapeHtml, mark, table } from './html.ts';

const STATES = { better: 'good', worse: 'bad', 'no difference shown': 'neutral' } as const;

const row = ({ figure, unit, these, those, ratio, low, high, verdict }: FigureComparison): string[] => {
  const times = (value: number) => value.toFixed(2);
  return [
    escapeHtml(figure),
    amount(these, unit),
    amount(those, unit),
    `${times(ratio)} (${times(low)}–${times(high)})`,
    mark(STATES[verdict], verdict),
  ];
};

/** A label stands in backticks in plain text. */
const withCode = (sentence: string): string =>
  escapeHtml(sentence).replaceAll(/`([^`]*)`/g, '<code>$1</code>');

/** What changed against earlier runs, and how sure that is. */
export const comparisonSection = ({ these, those, figures, sentence, method }: Comparison): string => {
  const columns = [
    { heading: 'Figure' },
    { heading: these.label, figure: true },
    { heading: those.label, figure: true },
    { heading: 'Ratio (95 %)', figure: true },
    { heading: 'Verdict' },
  ];
  return `<section aria-labelledby="comparison">
<h2 id="comparison">Compared with ${escapeHtml(those.label)}</h2>
<p class="lead">${withCode(sentence)}</p>
${table(`${these.ids.length} against ${those.ids.length} runs`, columns, figures.map(row))}
<p class="note">${escapeHtml(method)}</p>
</section>`;
};

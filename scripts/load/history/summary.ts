import type { FigureComparison } from './compare.ts';
import { FIGURES } from './figures.ts';

const tenths = (value: number): string => value.toFixed(value < 10 ? 1 : 0);

/** As in `1.8–2.3 times`, or `15–25 %`; a range whose ends read the same is told once. */
const range = (low: number, high: number, write: (value: number) => string): string =>
  write(low) === write(high) ? write(low) : `${write(low)}–${write(high)}`;

const FACTOR_FROM = 1.5; // below it, per cent are easier to read

/** How one figure changed, as in `p99 is 1.8–2.3 times as long`; the verb only with the first. */
const change = ({ figure, low, high, ratio }: FigureComparison, index: number): string => {
  const kind = FIGURES.find(({ name }) => name === figure);
  const name = index === 0 ? `${figure} is` : figure;
  if (ratio >= FACTOR_FROM)
    return `${name} ${range(low, high, tenths)} times as ${kind?.more === 'longer' ? 'long' : 'high'}`;
  const whole = (value: number) => String(Math.round(value * 100));
  const [least, most] = ratio > 1 ? [low - 1, high - 1] : [1 - high, 1 - low];
  return `${name} ${range(least, most, whole)} % ${ratio > 1 ? kind?.more : kind?.less}`;
};

const listed = (names: string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** What got worse, what got better, and what shows no difference, in one sentence. */
export const summarize = (figures: readonly FigureComparison[], label: string): string => {
  const of = (verdict: FigureComparison['verdict']) => figures.filter((figure) => figure.verdict === verdict);
  const same = listed(of('no difference shown').map(({ figure }) => figure));
  const changes = (['worse', 'better'] as const).flatMap((verdict) => {
    const changed = of(verdict);
    return changed.length === 0 ? [] : [`${listed(changed.map(change))} (${verdict})`];
  });
  if (changes.length === 0) return `No difference from \`${label}\` is shown (95 %).`;
  const rest = same ? `; no difference is shown in ${same}` : '';
  return `Compared with \`${label}\` (95 %), ${changes.join('; ')}${rest}.`;
};

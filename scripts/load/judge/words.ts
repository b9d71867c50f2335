import type { Unit } from '../run.ts';

const rounded = (value: number): string =>
  value >= 100 || value === 0 ? String(Math.round(value)) : String(Number(value.toPrecision(2)));

/** @param share from 0 to 1; a small one keeps two figures, so that 0.04 % is not told as none. */
export const percent = (share: number): string =>
  share === 0 || share >= 0.1 ? `${Math.round(share * 100)} %` : `${Number((share * 100).toPrecision(2))} %`;

/** @param seconds a duration; told in µs, ms or s. */
export const duration = (seconds: number): string => {
  if (seconds >= 1) return `${rounded(seconds)} s`;
  return seconds >= 0.0001 || seconds === 0 ? `${rounded(seconds * 1e3)} ms` : `${rounded(seconds * 1e6)} µs`;
};

/** @param second of the run, as in `1:05`. */
export const clock = (second: number): string =>
  `${Math.floor(second / 60)}:${String(Math.floor(second % 60)).padStart(2, '0')}`;

const bytes = (value: number): string => `${rounded(value / 2 ** 20)} MiB`;

const WORDS: Record<Unit, (value: number) => string> = {
  share: percent,
  seconds: duration,
  count: rounded,
  'per second': (value) => `${rounded(value)}/s`,
  bytes,
};

export const amount = (value: number, unit: Unit): string => WORDS[unit](value);

const PRODUCTS: Record<string, string> = {
  redis: 'Redis',
  postgres: 'PostgreSQL',
  generator: 'The generator',
};
/** How a part is called at the start of a sentence. */
export const called = (part: string): string => PRODUCTS[part] ?? part;

/** How a vital is called within one. */
export const vitalName = (name: string): string => (name === 'cpu' ? 'CPU' : name);

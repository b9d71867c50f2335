import type { Writable } from 'node:stream';
import { stripVTControlCharacters, styleText } from 'node:util';
import { amount, clock, duration } from '../judge/words.ts';
import type { LoadSecond, Part, Phase } from '../run.ts';

/** What is known of the current second. */
export interface Latest {
  second: number;
  phase: Pick<Phase, 'name' | 'to'>;
  load: LoadSecond;
  /** Requests that were sent and not answered yet. */
  inFlight: number;
  /** `cpu` and `memory` are shares; null while they are not known. */
  parts: (Pick<Part, 'name'> & { cpu: number | null; memory: number | null })[];
  redLines: { cpu: number; memory: number };
}

/** How it may be written: over itself, in colour. */
export interface Look {
  terminal: boolean;
  colour: boolean;
  columns: number;
}

type Environment = Record<string, string | undefined>;

/** @param env NO_COLOR, when it is not empty, forbids colours (no-color.org). */
export const lookOf = (
  stream: { isTTY?: boolean; columns?: number },
  env: Environment = process.env,
): Look => ({
  terminal: stream.isTTY === true,
  colour: stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
  columns: stream.columns ?? 80,
});

type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

const painter = ({ colour }: Look): Paint => {
  // What to colour was decided before, by the stream that it is for.
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
};

const headline = ({ second, phase, load, inFlight }: Latest): string[] => [
  `${clock(second)} ${phase.name} to ${clock(phase.to)}`,
  `due ${load.due}/s`,
  `ok ${load.succeeded}/s`,
  `failed ${load.failed}`,
  `p50 ${duration(load.p50)}`,
  `p99 ${duration(load.p99)}`,
  `in flight ${inFlight}`,
];

/** A share as a bar with its figure; an exclamation mark where it is above its line. */
const bar = (share: number | null, line: number, width: number, paint: Paint): string => {
  if (share === null) return `${'·'.repeat(width)}    ?  `;
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  const above = share > line;
  const text = `${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${String(Math.round(share * 100)).padStart(3)} %${above ? '!' : ' '}`;
  return above ? paint(['red', 'bold'], text) : text;
};

const FIXED = 2 * (' cpu '.length + '100 % !'.length + 2);

const partLines = ({ parts, redLines }: Latest, look: Look): string[] => {
  const paint = painter(look);
  const names = Math.max(0, ...parts.map(({ name }) => name.length));
  const width = Math.max(5, Math.min(20, Math.floor((look.columns - names - FIXED) / 2)));
  return parts.map(
    ({ name, cpu, memory }) =>
      `${name.padEnd(names)} cpu ${bar(cpu, redLines.cpu, width, paint)} mem ${bar(memory, redLines.memory, width, paint)}`,
  );
};

/** What stands above a red line, for one that reads lines and not bars. */
const crossings = ({ parts, redLines }: Latest): string[] =>
  parts.flatMap(({ name, cpu, memory }) => [
    ...((cpu ?? 0) > redLines.cpu ? [`${name} cpu ${amount(cpu ?? 0, 'share')}!`] : []),
    ...((memory ?? 0) > redLines.memory ? [`${name} memory ${amount(memory ?? 0, 'share')}!`] : []),
  ]);

/** The current second as a block of lines, without a newline at its end; one plain line where there is no terminal. */
export const liveView = (latest: Latest, look: Look = lookOf(process.stdout)): string => {
  const figures = headline(latest);
  if (!look.terminal) return [...figures, ...crossings(latest)].join(', ');
  const paint = painter(look);
  const [when = '', ...rest] = figures;
  const failing = (text: string) =>
    text.startsWith('failed') && latest.load.failed > 0 ? paint(['red', 'bold'], `${text}!`) : text;
  return [paint('bold', when), rest.map(failing).join('  '), ...partLines(latest, look)].join('\n');
};

/** Lines on the screen: one that is too long takes several. */
const heightOf = (view: string, columns: number): number =>
  stripVTControlCharacters(view)
    .split('\n')
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);

/** Shows one second after the other in the same place of a terminal, and else each on a line of its own. */
export const createLiveDisplay = (stream: Writable & { isTTY?: boolean }, look: Look = lookOf(stream)) => {
  let height = 0;
  return (latest: Latest): void => {
    const view = liveView(latest, look);
    // Up to where the last one began, and everything from there erased (ECMA-48: CUU, ED).
    const back = look.terminal && height > 0 ? `\u001b[${height}A\u001b[0J` : '';
    stream.write(`${back}${view}\n`);
    height = heightOf(view, look.columns);
  };
};

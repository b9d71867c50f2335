import { type Child, h, present } from './dom.ts';
import { noAnswer, Problem } from './problem.ts';

/** A page: what it is called, and what it shows. `signal` aborts when it is left. */
export interface Page {
  title: string;
  show(parameter: string, signal: AbortSignal): Child[];
}

export const toProblem = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  console.error(error);
  return noAnswer();
};

export const empty = (text: string, ...more: Child[]) => h('p', { class: 'empty' }, text, ...more);

export const failure = (problem: Problem, again: () => void) =>
  h(
    'div',
    { class: 'notice bad', role: 'alert' },
    h('p', {}, problem.message),
    h('button', { type: 'button', click: again }, 'Try again'),
  );

/** Asks to log in, and leads back to the page that asked. */
export const loginNeeded = (what: string) => {
  const back = location.hash.replace(/^#\/?/, '');
  return h('p', { class: 'notice' }, h('a', { href: `#/login/${back}` }, 'Log in'), ` ${what}.`);
};

/** Shows that something is loading, then it, or why not and a button to try again. */
export const loaded = <T>(what: string, load: () => Promise<T>, show: (value: T) => Child[]): HTMLElement => {
  const place = h('div', { class: 'loaded' });
  const start = async () => {
    place.setAttribute('aria-busy', 'true');
    place.replaceChildren(h('p', { class: 'loading', role: 'status' }, `Loading ${what} …`));
    const parts = await load().then(show, (error): Child[] => [failure(toProblem(error), start)]);
    place.replaceChildren(...present(parts));
    place.removeAttribute('aria-busy');
  };
  void start();
  return place;
};

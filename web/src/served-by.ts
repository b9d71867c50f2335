import { h } from './dom.ts';
import { createState } from './state.ts';

interface Answer {
  what: string;
  instance: string;
}

const KEPT = 8;
const answers = createState<readonly Answer[]>([]);

/** Remembers which instance answered; nothing when the answer did not say. */
export const noteAnswer = (method: string, path: string, instance: string | null) => {
  if (instance) answers.set([{ what: `${method} ${path}`, instance }, ...answers.get()].slice(0, KEPT));
};

/** What the footer unfolds for those who want to see that any instance serves them. */
export const servedByPanel = () => {
  const list = h('ol', { class: 'served-by', reversed: true });
  answers.follow((all) => {
    const lines = all.map(({ what, instance }) => h('li', {}, h('code', {}, instance), ' ', what));
    list.replaceChildren(...lines);
  });
  return h('details', {}, h('summary', {}, 'Which instance answered?'), list);
};

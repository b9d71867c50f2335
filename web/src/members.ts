import { h } from './dom.ts';
import { session } from './session.ts';
import { loginNeeded } from './views.ts';

/** Shows something to whoever is logged in, and the way to log in to others. */
export const forMembers = (why: string, signal: AbortSignal, show: (userId: string) => HTMLElement) => {
  const place = h('div');
  session.follow((current) => {
    if (current === undefined) place.replaceChildren(h('p', { class: 'loading' }, 'Loading …'));
    else place.replaceChildren(current ? show(current.user.id) : loginNeeded(why));
  }, signal);
  return place;
};

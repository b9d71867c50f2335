import { api, dataOf } from './api.ts';
import { h } from './dom.ts';
import { session } from './session.ts';
import { toProblem } from './views.ts';

const LINKS = [
  ['#/movies', 'Movies'],
  ['#/tickets', 'My tickets'],
  ['#/grocery', 'Grocery'],
] as const;

const logOut = async () => {
  await dataOf(api.POST('/v1/accounts/logout')).catch(toProblem);
  session.set(null);
};

/** 401 is the answer for nobody; of other failures the pages will tell. */
const findOut = () =>
  dataOf(api.GET('/v1/accounts/session')).then(session.set, () => session.get() ?? session.set(null));

export const header = () => {
  const links = LINKS.map(([href, text]) => h('a', { href }, text));
  const mark = () => {
    for (const link of links)
      link.toggleAttribute('aria-current', (location.hash || '#/movies').startsWith(link.hash));
  };
  window.addEventListener('hashchange', mark);
  mark();

  const who = h('div', { class: 'who' });
  session.follow((current) => {
    if (current === undefined) return;
    const known = current
      ? [h('span', {}, current.user.name), h('button', { type: 'button', click: logOut }, 'Log out')]
      : [h('a', { href: '#/login' }, 'Log in'), h('a', { href: '#/register' }, 'Register')];
    who.replaceChildren(...known);
  });
  void findOut();
  const brand = h('a', { class: 'brand', href: '#/movies' }, 'Multiplex');
  return h('header', {}, brand, h('nav', { 'aria-label': 'Pages' }, ...links), who);
};

import { api, dataOf } from './api.ts';
import { h, set } from './dom.ts';
import { session } from './session.ts';
import { toProblem } from './views.ts';

const LINKS = [
  ['#/movies', 'Movies'],
  ['#/tickets', 'My tickets'],
  ['#/grocery', 'Grocery'],
] as const;

const ASK_AGAIN_MS = 5_000;

/** 401 is the answer for nobody. After another failure it is not known, and asked again. */
const findOut = async (): Promise<void> => {
  if (session.get()) return; // logged in meanwhile
  await dataOf(api.GET('/v1/accounts/session')).then(session.set, (error) => {
    if (toProblem(error).status !== 401) setTimeout(findOut, ASK_AGAIN_MS);
    session.set(null);
  });
};

/** The name and the way out; it says so when that failed, as the cookie is then still good. */
const member = (name: string) => {
  const fault = h('span', { role: 'alert' });
  const logOut = () =>
    dataOf(api.POST('/v1/accounts/logout')).then(
      () => session.set(null),
      (error) => {
        fault.textContent = `Still logged in: ${toProblem(error).message}`;
      },
    );
  return [fault, h('span', {}, name), h('button', { type: 'button', click: logOut }, 'Log out')];
};

export const header = () => {
  const links = LINKS.map(([href, text]) => h('a', { href }, text));
  const mark = () => {
    const shown = location.hash || '#/movies';
    for (const link of links) set(link, { 'aria-current': shown.startsWith(link.hash) && 'page' });
  };
  window.addEventListener('hashchange', mark);
  mark();

  const who = h('div', { class: 'who' });
  session.follow((current) => {
    if (current === undefined) return;
    const known = current
      ? member(current.user.name)
      : [h('a', { href: '#/login' }, 'Log in'), h('a', { href: '#/register' }, 'Register')];
    who.replaceChildren(...known);
  });
  void findOut();
  const brand = h('a', { class: 'brand', href: '#/movies' }, 'Multiplex');
  return h('header', {}, brand, h('nav', { 'aria-label': 'Pages' }, ...links), who);
};

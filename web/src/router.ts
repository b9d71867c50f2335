import { h, present } from './dom.ts';
import type { Page } from './views.ts';

/** Shows the page that the address names after `#/`, so that one static file serves them all. */
export const startRouter = (pages: Readonly<Record<string, Page>>, home: string, place: HTMLElement) => {
  let left = new AbortController();
  let first = true;

  const show = () => {
    left.abort();
    left = new AbortController();
    const [, name = '', parameter = ''] = /^#\/([^/]*)\/?(.*)$/.exec(location.hash) ?? [];
    const page = pages[name || home];
    const title = page?.title ?? 'Not found';
    const heading = h('h1', { tabindex: -1 }, title);
    const body = page?.show(parameter, left.signal) ?? [h('p', {}, 'There is no such page.')];
    place.replaceChildren(heading, ...present(body));
    document.title = `${title} · Multiplex`;
    if (!first) heading.focus(); // so that a screen reader says where it is now
    first = false;
    window.scrollTo(0, 0);
  };

  window.addEventListener('hashchange', show);
  show();
};

import { api, dataOf, type Schemas } from '../api.ts';
import { findShowing } from '../catalog.ts';
import { h } from '../dom.ts';
import { day, money, time } from '../format.ts';
import { forMembers } from '../members.ts';
import { empty, loaded, type Page, toProblem } from '../views.ts';

type Purchase = Schemas['Purchase'];

const cancel = (id: string) =>
  dataOf(api.POST('/v1/tickets/purchases/{id}/cancel', { params: { path: { id } } }));

/** A button that asks once more, as there is no way back. */
const cancelButton = (purchase: Purchase, done: (purchase: Purchase) => void) => {
  const seats = purchase.seats.join(', ');
  const fault = h('span', { role: 'alert' });
  let asked = false;
  const click = async () => {
    if (!asked) {
      asked = true;
      button.textContent = `Really cancel ${seats}?`;
      return;
    }
    button.disabled = true;
    await cancel(purchase.id).then(done, (error) => {
      fault.textContent = toProblem(error).message;
      button.disabled = false;
    });
  };
  const button = h('button', { type: 'button', click }, `Cancel ${seats}`);
  return h('p', {}, button, ' ', fault);
};

const ticket = (purchase: Purchase): HTMLElement => {
  const title = h('h2', {}, purchase.seats.length === 1 ? 'Seat ' : 'Seats ', purchase.seats.join(', '));
  const what = h('a', { href: `#/screenings/${purchase.screeningId}` }, 'the screening');
  findShowing(purchase.screeningId).then(
    ({ movie, screening }) => {
      what.textContent = `${movie.title}, ${screening.auditorium}`;
    },
    () => {}, // it stays a link
  );
  const when = `${day(purchase.startsAt)}, ${time(purchase.startsAt)}`;
  const item = h(
    'li',
    { class: 'card' },
    title,
    h('p', {}, when, ', ', what),
    h('p', {}, money(purchase.totalCents)),
  );
  const ending = purchase.refundedAt ? 'Cancelled, and paid back' : 'Cancelled';
  if (purchase.cancelledAt) item.append(h('p', { class: 'facts' }, ending));
  else if (Date.parse(purchase.startsAt) > Date.now())
    item.append(cancelButton(purchase, (cancelled) => item.replaceWith(ticket(cancelled))));
  return item;
};

const list = (cursor?: string): HTMLElement =>
  loaded(
    'tickets',
    () => dataOf(api.GET('/v1/tickets/purchases', { params: { query: cursor ? { cursor } : {} } })),
    ({ items, nextCursor }) => {
      if (items.length === 0)
        return [empty('No tickets yet. ', h('a', { href: '#/movies' }, 'Choose a movie'))];
      const more = nextCursor
        ? h('button', { type: 'button', click: () => more?.replaceWith(list(nextCursor)) }, 'More')
        : undefined;
      return [h('ul', { class: 'cards' }, ...items.map(ticket)), more];
    },
  );

export const ticketsPage: Page = {
  title: 'My tickets',
  show: (_, signal) => [forMembers('to see your tickets', signal, () => list())],
};

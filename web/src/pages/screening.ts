import { findShowing, type Showing } from '../catalog.ts';
import { h } from '../dom.ts';
import { day, money, time } from '../format.ts';
import { createBasket } from '../seats/basket.ts';
import { followSeats, type LiveStatus, type Taken } from '../seats/live-seats.ts';
import { createMySeats, type MySeats } from '../seats/my-seats.ts';
import { createSeatMap, legend, type SeatState } from '../seats/seat-map.ts';
import { session } from '../session.ts';
import { loaded, loginNeeded, type Page, toProblem } from '../views.ts';

const STATUS: Readonly<Record<LiveStatus, string>> = {
  connecting: 'Loading seats …',
  live: 'Live',
  resuming: 'Reconnecting …',
  asking: 'Not live at the moment; asking every few seconds.',
};

/** What is left of the auditorium, when that is nothing. */
const shortage = (taken: Taken, seats: number): string => {
  if (taken.size < seats) return '';
  const held = [...taken.values()].some((state) => state === 'held');
  return held ? 'All seats are taken. Some are only held, and may become free.' : 'Sold out.';
};

const showing = ({ screening, movie }: Showing, signal: AbortSignal) => {
  let taken: Taken | undefined;
  let mine: MySeats | undefined;
  const status = h('p', { class: 'live', role: 'status' });
  const full = h('p', { class: 'notice sold-out', role: 'status' });
  const news = h('p', { class: 'news', role: 'status' });
  const login = h('div');
  const say = (text: string) => news.replaceChildren(text);

  const stateOf = (seat: string): SeatState => {
    if (mine?.isBought(seat)) return 'bought';
    if (mine?.isHeld(seat)) return 'mine';
    return taken?.get(seat) ?? 'free';
  };
  const refresh = () => {
    map.show(stateOf);
    full.textContent = taken ? shortage(taken, screening.rows * screening.seatsPerRow) : '';
    basket.show(mine);
  };
  const basket = createBasket({ priceCents: screening.priceCents, say, refresh });

  const choose = async (seat: string, state: SeatState) => {
    if (!mine) return login.querySelector('a')?.focus();
    try {
      if (state === 'mine') await mine.letGo(seat);
      else await mine.hold(seat);
      say(state === 'mine' ? `${seat} is free again.` : `${seat} is held for you.`);
    } catch (error) {
      const problem = toProblem(error);
      say(problem.code === 'seats_taken' ? `${seat} was taken a moment ago.` : problem.message);
    }
    refresh();
  };
  const map = createSeatMap(screening, choose);
  map.element.setAttribute('aria-busy', 'true');

  /** What the stream says of seats that were ours: the hold has ended, or another of our pages was at work. */
  const checkMine = async () => {
    const lost = mine?.holds().filter(({ seat }) => taken?.get(seat) !== 'held') ?? [];
    if (lost.length === 0) return;
    await mine?.read().catch(toProblem);
    refresh();
  };
  followSeats(
    screening.id,
    {
      taken: (seats) => {
        taken = seats;
        map.element.removeAttribute('aria-busy');
        refresh();
        void checkMine();
      },
      status: (is) => {
        status.textContent = STATUS[is];
        status.dataset.status = is;
      },
    },
    signal,
  );
  session.follow(async (current) => {
    mine = current ? createMySeats(screening.id, current.user.id) : undefined;
    login.replaceChildren(...(current === null ? [loginNeeded('to hold seats and to buy')] : []));
    await mine?.read().catch((error) => say(toProblem(error).message));
    refresh();
    void basket.resume();
  }, signal);

  const when = h(
    'time',
    { datetime: screening.startsAt },
    `${day(screening.startsAt)}, ${time(screening.startsAt)}`,
  );
  return [
    h('h2', {}, movie.title),
    h(
      'p',
      { class: 'facts' },
      when,
      ` · ${screening.auditorium} · ${money(screening.priceCents)} a seat `,
      status,
    ),
    full,
    h(
      'div',
      { class: 'choose' },
      h('div', {}, map.element, legend()),
      h('aside', {}, login, basket.element, news),
    ),
  ];
};

export const screeningPage: Page = {
  title: 'Choose seats',
  show: (id, signal) => [
    loaded(
      'the screening',
      () => findShowing(id),
      (found) => showing(found, signal),
    ),
  ],
};

import type { Schemas } from '../api.ts';
import { findMovie, listMovies, listScreenings } from '../catalog.ts';
import { h } from '../dom.ts';
import { day, money, time } from '../format.ts';
import { empty, loaded, type Page } from '../views.ts';

type Screening = Schemas['Screening'];
type Movie = Schemas['Movie'];

const SHOWN_AT_FIRST = 6;

const screeningLink = ({ id, startsAt, auditorium, priceCents }: Screening) =>
  h(
    'a',
    { class: 'time', href: `#/screenings/${id}` },
    h('time', { datetime: startsAt }, time(startsAt)),
    h('small', {}, `${auditorium}, ${money(priceCents)}`),
  );

const byDay = (screenings: readonly Screening[]) => {
  const days = new Map<string, Screening[]>();
  for (const screening of screenings)
    days.set(day(screening.startsAt), [...(days.get(day(screening.startsAt)) ?? []), screening]);
  return [...days].map(([name, list]) =>
    h(
      'section',
      { class: 'day' },
      h('h3', {}, name),
      h('ul', { class: 'times' }, ...list.map((screening) => h('li', {}, screeningLink(screening)))),
    ),
  );
};

const facts = ({ description, minutes }: Movie) =>
  h('p', { class: 'facts' }, `${description} ${minutes} minutes.`);

const card = (movie: Movie, screenings: readonly Screening[]) =>
  h(
    'article',
    { class: 'card' },
    h('h2', {}, movie.title),
    facts(movie),
    ...(screenings.length ? byDay(screenings.slice(0, SHOWN_AT_FIRST)) : [empty('Not shown at the moment.')]),
    h(
      'a',
      { href: `#/movie/${movie.id}`, 'aria-label': `All screenings of ${movie.title}` },
      'All screenings',
    ),
  );

export const moviesPage: Page = {
  title: 'Movies',
  show: () => [
    loaded(
      'movies',
      () => Promise.all([listMovies(), listScreenings()]),
      ([movies, screenings]) => {
        if (movies.items.length === 0) return [empty('No movies yet.')];
        const of = (movie: Movie) => screenings.items.filter(({ movieId }) => movieId === movie.id);
        return [h('div', { class: 'cards' }, ...movies.items.map((movie) => card(movie, of(movie))))];
      },
    ),
  ],
};

/** The days of one movie; further ones come when asked for. */
const moreDays = (movieId: string, cursor?: string): HTMLElement =>
  loaded(
    'screenings',
    () => listScreenings(movieId, cursor),
    ({ items, nextCursor }) => {
      const more = nextCursor
        ? h(
            'button',
            { type: 'button', click: () => more?.replaceWith(moreDays(movieId, nextCursor)) },
            'More',
          )
        : undefined;
      return items.length ? [...byDay(items), more] : [empty('Not shown at the moment.')];
    },
  );

export const moviePage: Page = {
  title: 'Screenings',
  show: (id) => [
    loaded(
      'the movie',
      () => findMovie(id),
      (movie) => [h('h2', {}, movie.title), facts(movie), moreDays(id)],
    ),
  ],
};

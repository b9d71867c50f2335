import type { Queryable } from '../../infrastructure/database.ts';
import type { Screening } from './contract.ts';

export interface Movie {
  id: string;
  title: string;
  description: string;
  minutes: number;
}

const MOVIE = 'id, title, description, minutes';

// ISO text with microseconds, since a Date would cut them off and a cursor made of it would miss its row.
const isoText = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const SCREENING = `id, movie_id as "movieId", auditorium, ${isoText('starts_at')} as "startsAt",
  rows, seats_per_row as "seatsPerRow", price_cents as "priceCents", ${isoText('cancelled_at')} as "cancelledAt"`;

export const insertMovie = async (db: Queryable, movie: Movie): Promise<void> => {
  await db.query('insert into catalog.movies (id, title, description, minutes) values ($1, $2, $3, $4)', [
    movie.id,
    movie.title,
    movie.description,
    movie.minutes,
  ]);
};

export const updateMovie = async (db: Queryable, movie: Movie): Promise<boolean> => {
  const rows = await db.query(
    'update catalog.movies set title = $2, description = $3, minutes = $4 where id = $1 returning id',
    [movie.id, movie.title, movie.description, movie.minutes],
  );
  return rows.length > 0;
};

export const findMovie = async (db: Queryable, id: string): Promise<Movie | undefined> => {
  const [movie] = await db.query<Movie>(`select ${MOVIE} from catalog.movies where id = $1`, [id]);
  return movie;
};

export const listMovies = (db: Queryable, after: string | undefined, limit: number): Promise<Movie[]> =>
  db.query<Movie>(
    `select ${MOVIE} from catalog.movies where $1::uuid is null or id > $1 order by id limit $2`,
    [after, limit],
  );

/** Undefined when the auditorium is taken at that time. */
export const insertScreening = async (
  db: Queryable,
  screening: Omit<Screening, 'cancelledAt'>,
): Promise<Screening | undefined> => {
  const [inserted] = await db.query<Screening>(
    `insert into catalog.screenings (id, movie_id, auditorium, starts_at, rows, seats_per_row, price_cents)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning ${SCREENING}`,
    [
      screening.id,
      screening.movieId,
      screening.auditorium,
      screening.startsAt,
      screening.rows,
      screening.seatsPerRow,
      screening.priceCents,
    ],
  );
  return inserted;
};

export const findScreening = async (db: Queryable, id: string): Promise<Screening | undefined> => {
  const [screening] = await db.query<Screening>(`select ${SCREENING} from catalog.screenings where id = $1`, [
    id,
  ]);
  return screening;
};

/** Undefined when it is cancelled already, has started, or does not exist. */
export const cancelScreening = async (db: Queryable, id: string): Promise<Screening | undefined> => {
  const [cancelled] = await db.query<Screening>(
    `update catalog.screenings set cancelled_at = now()
     where id = $1 and cancelled_at is null and starts_at > now() returning ${SCREENING}`,
    [id],
  );
  return cancelled;
};

export interface ScreeningFilter {
  movieId: string | undefined;
  /** The start and id of the last screening seen. */
  after: readonly [startsAt: string, id: string] | undefined;
  limit: number;
}

/** Screenings that are to come, the next first. */
export const listScreenings = (
  db: Queryable,
  { movieId, after, limit }: ScreeningFilter,
): Promise<Screening[]> =>
  db.query<Screening>(
    `select ${SCREENING} from catalog.screenings
     where starts_at > now() and cancelled_at is null and ($1::uuid is null or movie_id = $1)
       and ($2::timestamptz is null or (starts_at, id) > ($2, $3::uuid))
     order by starts_at, id limit $4`,
    [movieId, after?.[0], after?.[1], limit],
  );

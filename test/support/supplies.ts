import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { holdLock } from './locks.ts';

const HOUR_MS = 3_600_000;

export interface ScreeningOptions {
  rows?: number;
  seatsPerRow?: number;
  priceCents?: number;
  startsAt?: Date;
}

/** Adds a movie and one screening of it, tomorrow unless said otherwise; returns the screening's id. */
export const addScreening = async (database: pg.Pool, options: ScreeningOptions = {}): Promise<string> => {
  const { rows = 5, seatsPerRow = 10, priceCents = 1_200 } = options;
  const { startsAt = new Date(Date.now() + 24 * HOUR_MS) } = options;
  const [movieId, id] = [randomUUID(), randomUUID()];
  await database.query(
    `insert into catalog.movies (id, title, description, minutes) values ($1, 'Metropolis', 'A city.', 153)`,
    [movieId],
  );
  await database.query(
    `insert into catalog.screenings (id, movie_id, auditorium, starts_at, rows, seats_per_row, price_cents)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [id, movieId, `Hall ${id}`, startsAt, rows, seatsPerRow, priceCents],
  );
  return id;
};

/** Adds a product; returns its id. */
export const addProduct = async (database: pg.Pool, stock: number, priceCents = 450): Promise<string> => {
  const id = randomUUID();
  await database.query(
    'insert into grocery.products (id, name, price_cents, stock) values ($1, $2, $3, $4)',
    [id, `Popcorn ${id}`, priceCents, stock],
  );
  return id;
};

/** Holds a product's row, so that an order of it gets stuck within its transaction. */
export const lockProduct = (database: pg.Pool, id: string) =>
  holdLock(database, 'select 1 from grocery.products where id = $1 for update', [id]);

export const countRows = async (database: pg.Pool, table: string): Promise<number> => {
  const { rows } = await database.query<{ count: number }>(`select count(*)::int as count from ${table}`);
  return rows[0]?.count ?? -1;
};

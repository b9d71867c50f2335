import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type pg from 'pg';

const PASSWORD = 'correct horse';
const SEAT_ROWS = 26;
const SEATS_PER_ROW = 99;

/** Every seat of a screening of the largest size. */
export const SEATS = Array.from({ length: SEAT_ROWS * SEATS_PER_ROW }, (_, index) => {
  const row = String.fromCharCode('A'.charCodeAt(0) + Math.floor(index / SEATS_PER_ROW));
  return `${row}${(index % SEATS_PER_ROW) + 1}`;
});

const post = (url: string, body: unknown) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** Registers somebody with ours and logs them in both ways. */
export const logIn = async (url: string) => {
  const email = `${randomUUID()}@example.test`;
  await post(`${url}/v1/accounts`, { email, name: 'Bench', password: PASSWORD });
  const login = await post(`${url}/v1/accounts/login`, { email, password: PASSWORD });
  const { accessToken } = (await login.json()) as { accessToken: string };
  const session = await post(`${url}/v1/accounts/session`, { email, password: PASSWORD });
  const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? '';
  const { login: loginId = '', sub: userId = '' } = jwt.decode(accessToken) as Record<string, string>;
  return { auth: { authorization: `Bearer ${accessToken}` }, cookie: { cookie }, loginId, userId };
};

/** Screenings to buy from, the same for ours and the reference. */
export const addScreenings = async (database: pg.Pool, count: number): Promise<string[]> => {
  const { rows } = await database.query<{ id: string }>(
    `insert into catalog.screenings (id, movie_id, starts_at, auditorium, rows, seats_per_row, price_cents)
     select gen_random_uuid(), (select id from catalog.movies limit 1), now() + interval '30 days',
       gen_random_uuid()::text, $2, $3, 900 from generate_series(1, $1) returning id`,
    [count, SEAT_ROWS, SEATS_PER_ROW],
  );
  return rows.map(({ id }) => id);
};

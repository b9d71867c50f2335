import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { DATABASE_URL } from './environment.mjs';

export const SCHEMA = `
  create schema if not exists documented;
  create table if not exists documented.screenings (id uuid primary key, price_cents int not null, starts_at timestamptz not null);
  create table if not exists documented.purchases (id uuid primary key, user_id uuid not null, screening_id uuid not null, total_cents int not null);
  create table if not exists documented.seats (screening_id uuid, seat text, purchase_id uuid not null, primary key (screening_id, seat));
  create table if not exists documented.jobs (id uuid primary key, name text not null, payload jsonb not null);
  create table if not exists documented.idempotency_keys (owner uuid, key text, status int, body text, primary key (owner, key))`;

/** Sells seats with the guarantees of ours, one statement a step: key, screening, purchase, each seat, job, reply. */
export const createBuy = () => {
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 5 });
  return async (request, response) => {
    const key = request.headers['idempotency-key'];
    const owner = request.user.sub;
    const { screeningId, seats } = request.body;
    const client = await pool.connect();
    try {
      await client.query('begin');
      const claimed = await client.query(
        'insert into documented.idempotency_keys (owner, key) values ($1, $2) on conflict do nothing',
        [owner, key],
      );
      if (claimed.rowCount === 0) {
        const stored = await client.query(
          'select status, body from documented.idempotency_keys where owner = $1 and key = $2',
          [owner, key],
        );
        await client.query('commit');
        return response.status(stored.rows[0].status).send(stored.rows[0].body);
      }
      const screening = await client.query(
        'select price_cents from documented.screenings where id = $1 and starts_at > now()',
        [screeningId],
      );
      const id = randomUUID();
      const totalCents = screening.rows[0].price_cents * seats.length;
      await client.query(
        'insert into documented.purchases (id, user_id, screening_id, total_cents) values ($1, $2, $3, $4)',
        [id, owner, screeningId, totalCents],
      );
      for (const seat of seats.toSorted())
        await client.query(
          'insert into documented.seats (screening_id, seat, purchase_id) values ($1, $2, $3)',
          [screeningId, seat, id],
        );
      await client.query('insert into documented.jobs (id, name, payload) values ($1, $2, $3)', [
        randomUUID(),
        'receipt',
        { id },
      ]);
      const body = JSON.stringify({ id, screeningId, seats, totalCents });
      await client.query(
        'update documented.idempotency_keys set status = 201, body = $3 where owner = $1 and key = $2',
        [owner, key, body],
      );
      await client.query('commit');
      response.status(201).type('json').send(body);
    } catch (error) {
      await client.query('rollback');
      if (error.code === '23505') response.status(409).json({ error: 'seats_taken' });
      else throw error;
    } finally {
      client.release();
    }
  };
};

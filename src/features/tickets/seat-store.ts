import type { Queryable, Transaction } from '../../infrastructure/database.ts';

/** The seats of a screening that are not free. */
export interface TakenSeats {
  sold: string[];
  held: string[];
  /** When the first of the holds expires, in milliseconds from now; null without any. */
  expiresInMs: number | null;
}

export interface Hold {
  seat: string;
  heldUntil: Date;
}

/** The taken seats of each screening, in one moment's state; screenings without any are left out. */
export const listTakenSeats = async (db: Queryable, screeningIds: string[]) => {
  const rows = await db.query<TakenSeats & { screeningId: string }>(
    `select screening_id as "screeningId",
       coalesce(array_agg(seat order by seat) filter (where purchase_id is not null), '{}') as sold,
       coalesce(array_agg(seat order by seat) filter (where held_until > now()), '{}') as held,
       extract(epoch from min(held_until) filter (where held_until > now()) - now())::float8 * 1000 as "expiresInMs"
     from tickets.sold_seats where screening_id = any($1) group by screening_id`,
    [screeningIds],
  );
  return new Map(rows.map(({ screeningId, ...taken }) => [screeningId, taken]));
};

/** This user's holds of a screening, by seat. */
export const listHolds = (db: Queryable, userId: string, screeningId: string): Promise<Hold[]> =>
  db.query<Hold>(
    `select seat, held_until as "heldUntil" from tickets.sold_seats
     where held_by = $1 and screening_id = $2 and held_until > now() order by seat`,
    [userId, screeningId],
  );

interface NewHold {
  userId: string;
  screeningId: string;
  /** Sorted, as for a purchase. */
  seats: string[];
  seconds: number;
}

/**
 * Holds those of the seats that are free; the time of what the user holds already is not extended. Returns the user's
 * holds of this screening, and the number of those of all screenings. Two calls of one user wait for each other, so
 * that together they cannot pass a limit.
 */
export const insertHolds = async (db: Transaction, { userId, screeningId, seats, seconds }: NewHold) => {
  await db.query(`select pg_advisory_xact_lock(hashtext('tickets.holds'), hashtext($1))`, [userId]);
  await db.query(
    `insert into tickets.sold_seats as known (screening_id, seat, held_by, held_until)
     select $1, seat, $2, now() + make_interval(secs => $4) from unnest($3::text[]) seat
     on conflict (screening_id, seat) do update
       set held_by = excluded.held_by, held_until = excluded.held_until where known.held_until <= now()`,
    [screeningId, userId, seats, seconds],
  );
  const [row] = await db.query<{ count: number }>(
    'select count(*)::int as count from tickets.sold_seats where held_by = $1 and held_until > now()',
    [userId],
  );
  return { holds: await listHolds(db, userId, screeningId), count: row?.count ?? 0 };
};

/** Lets the user's holds of a screening go: of one seat, or of all. Returns how many there were. */
export const deleteHolds = async (db: Queryable, userId: string, screeningId: string, seat?: string) => {
  const rows = await db.query(
    `with locked as (
       select seat from tickets.sold_seats
       where held_by = $1 and screening_id = $2 and ($3::text is null or seat = $3) order by seat for update
     )
     delete from tickets.sold_seats using locked
     where screening_id = $2 and held_by = $1 and sold_seats.seat = locked.seat returning 1`,
    [userId, screeningId, seat],
  );
  return rows.length;
};

/** For the hourly clean-up. An expired hold is in nobody's way before that. */
export const DELETE_EXPIRED = 'delete from tickets.sold_seats where held_until <= now()';

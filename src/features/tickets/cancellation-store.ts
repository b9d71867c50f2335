import type { Queryable } from '../../infrastructure/database.ts';

export interface CancelledPurchase {
  id: string;
  userId: string;
  totalCents: number;
}

/** Who holds what is held for good, and until when: infinity cannot be calculated with before PostgreSQL 17. */
const NOBODY = '00000000-0000-0000-0000-000000000000';
const FOREVER = '9999-01-01';

/**
 * Holds every seat that is not sold for nobody and for good, and locks those that are. The key of a seat decides between
 * this and a buyer who has not heard of it: one of the two waits for the other, whose row is then there.
 * @param seats all of the screening's, sorted as buyers sort theirs, or the two might wait for each other.
 */
export const closeSeats = async (db: Queryable, screeningId: string, seats: string[]): Promise<void> => {
  await db.query(
    `insert into tickets.sold_seats as known (screening_id, seat, held_by, held_until)
     select $1, seat, '${NOBODY}', '${FOREVER}' from unnest($2::text[]) seat
     on conflict (screening_id, seat) do update set
       held_by = case when known.purchase_id is null then excluded.held_by end,
       held_until = case when known.purchase_id is null then excluded.held_until end`,
    [screeningId, seats],
  );
};

/** Cancels all purchases of a screening whose seats are closed, and closes theirs. */
export const cancelPurchasesOf = (db: Queryable, screeningId: string): Promise<CancelledPurchase[]> =>
  db.query<CancelledPurchase>(
    `with closed as (
       update tickets.sold_seats seat
       set purchase_id = null, held_by = '${NOBODY}', held_until = '${FOREVER}'
       from tickets.sold_seats before
       where seat.screening_id = $1 and seat.purchase_id is not null
         and before.screening_id = seat.screening_id and before.seat = seat.seat
       returning before.purchase_id as id
     )
     update tickets.purchases set cancelled_at = now()
     where id in (select id from closed) and cancelled_at is null
     returning id, user_id as "userId", total_cents as "totalCents"`,
    [screeningId],
  );

export const markRefunded = async (db: Queryable, id: string): Promise<void> => {
  await db.query('update tickets.purchases set refunded_at = coalesce(refunded_at, now()) where id = $1', [
    id,
  ]);
};

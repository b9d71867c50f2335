import type { Queryable } from '../../infrastructure/database.ts';

export interface Purchase {
  id: string;
  screeningId: string;
  startsAt: Date;
  seats: string[];
  totalCents: number;
  createdAt: Date;
  cancelledAt: Date | null;
  refundedAt: Date | null;
}

const PURCHASE = `id, screening_id as "screeningId", starts_at as "startsAt", seats, total_cents as "totalCents",
  created_at as "createdAt", cancelled_at as "cancelledAt", refunded_at as "refundedAt"`;

export interface NewPurchase {
  id: string;
  userId: string;
  screeningId: string;
  startsAt: string;
  /** Sorted, so that two buyers of the same seats lock them in the same order and never deadlock. */
  seats: string[];
  totalCents: number;
}

/**
 * Inserts the purchase and as many of its seats as are free or held for its user; says which others are taken. The
 * caller rolls back unless it got all.
 */
export const insertPurchase = async (db: Queryable, purchase: NewPurchase) => {
  const [row] = await db.query<Purchase & { taken: string[] }>(
    `with purchase as (
       insert into tickets.purchases (id, user_id, screening_id, starts_at, seats, total_cents)
       values ($1, $2, $3, $4, $5, $6) returning *
     ), sold as (
       insert into tickets.sold_seats as known (screening_id, seat, purchase_id)
       select $3, seat, $1 from unnest($5::text[]) seat
       on conflict (screening_id, seat) do update
         set purchase_id = excluded.purchase_id, held_by = null, held_until = null
         where known.held_by = $2 or known.held_until <= now()
       returning seat
     )
     select ${PURCHASE}, array(select unnest(seats) except select seat from sold order by 1) as taken from purchase`,
    [
      purchase.id,
      purchase.userId,
      purchase.screeningId,
      purchase.startsAt,
      purchase.seats,
      purchase.totalCents,
    ],
  );
  if (!row) throw new Error('the insertion returned no purchase');
  const { taken, ...inserted } = row;
  return { purchase: inserted, taken };
};

export const findPurchase = async (
  db: Queryable,
  userId: string,
  id: string,
): Promise<Purchase | undefined> => {
  const [purchase] = await db.query<Purchase>(
    `select ${PURCHASE} from tickets.purchases where id = $1 and user_id = $2`,
    [id, userId],
  );
  return purchase;
};

/** Frees the seats; undefined when the purchase is cancelled already, has started, or is not this user's. */
export const cancelPurchase = async (
  db: Queryable,
  userId: string,
  id: string,
): Promise<Purchase | undefined> => {
  const [purchase] = await db.query<Purchase>(
    `with cancelled as (
       update tickets.purchases set cancelled_at = now()
       where id = $1 and user_id = $2 and cancelled_at is null and starts_at > now() returning *
     ), locked as ( -- in the order in which buyers do, or they might wait for each other
       select seat from tickets.sold_seats, cancelled where purchase_id = cancelled.id order by seat for update of sold_seats
     ), freed as (
       delete from tickets.sold_seats using cancelled, locked
       where purchase_id = cancelled.id and sold_seats.seat = locked.seat
     )
     select ${PURCHASE} from cancelled`,
    [id, userId],
  );
  return purchase;
};

/** The user's purchases, the newest first; those before the one with id `before`. */
export const listPurchases = (
  db: Queryable,
  userId: string,
  before: string | undefined,
  limit: number,
): Promise<Purchase[]> =>
  db.query<Purchase>(
    `select ${PURCHASE} from tickets.purchases
     where user_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`,
    [userId, before, limit],
  );

export interface Sales {
  screeningId: string;
  purchases: number;
  seats: number;
  totalCents: number;
  madeAt: Date;
}

/** The last nightly report, by screening id; those after the one with id `after`. */
export const listSales = (db: Queryable, after: string | undefined, limit: number): Promise<Sales[]> =>
  db.query<Sales>(
    `select screening_id as "screeningId", purchases, seats, total_cents::float8 as "totalCents", made_at as "madeAt"
     from tickets.sales_reports where $1::uuid is null or screening_id > $1 order by screening_id limit $2`,
    [after, limit],
  );

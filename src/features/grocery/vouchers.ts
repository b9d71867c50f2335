import type { Queryable } from '../../infrastructure/database.ts';
import { subscribe } from '../events.ts';
import { purchaseCancelled } from '../tickets/contract.ts';

/** False when the purchase's goods were released. Otherwise they cannot be before the caller's transaction ends. */
export const claimVoucher = async (db: Queryable, purchaseId: string): Promise<boolean> => {
  const [voucher] = await db.query<{ isReleased: boolean }>(
    `insert into grocery.vouchers as known (purchase_id) values ($1)
     on conflict (purchase_id) do update set released_at = known.released_at
     returning released_at is not null as "isReleased"`,
    [purchaseId],
  );
  return !voucher?.isReleased;
};

/** Puts back what was ordered with a purchase, also for an order that comes late. */
const release = async (db: Queryable, purchaseId: string): Promise<void> => {
  await db.query(
    `insert into grocery.vouchers (purchase_id, released_at) values ($1, now())
     on conflict (purchase_id) do update set released_at = now()`,
    [purchaseId],
  );
  await db.query(
    `with released as (
       update grocery.orders set released_at = now() where purchase_id = $1 and released_at is null returning id
     ), item as (
       select product_id, sum(quantity)::int as quantity from grocery.order_items
       where order_id in (select id from released) group by product_id
     ), locked as materialized ( -- in the order in which orders do
       select id from grocery.products where id in (select product_id from item) order by id for update
     )
     update grocery.products product set stock = product.stock + item.quantity
     from item join locked on locked.id = item.product_id where product.id = item.product_id`,
    [purchaseId],
  );
};

/** The tickets are cancelled: nobody comes to collect the goods. */
export const onPurchaseCancelled = subscribe(purchaseCancelled, ({ payload, transaction }) =>
  release(transaction, payload.purchaseId),
);

import type { Queryable } from '../../infrastructure/database.ts';

export interface Product {
  id: string;
  name: string;
  priceCents: number;
  stock: number;
}

export interface Item {
  productId: string;
  quantity: number;
}

export interface SoldItem extends Item {
  /** Of one piece, at the time of the order. */
  priceCents: number;
}

export interface Order {
  id: string;
  items: SoldItem[];
  totalCents: number;
  createdAt: Date;
  purchaseId: string | null;
  releasedAt: Date | null;
}

const PRODUCT = 'id, name, price_cents as "priceCents", stock';

/** Undefined when the name is taken. */
export const insertProduct = async (db: Queryable, product: Product): Promise<Product | undefined> => {
  const [inserted] = await db.query<Product>(
    `insert into grocery.products (id, name, price_cents, stock) values ($1, $2, $3, $4)
     on conflict (name) do nothing returning ${PRODUCT}`,
    [product.id, product.name, product.priceCents, product.stock],
  );
  return inserted;
};

export const addStock = async (db: Queryable, id: string, quantity: number): Promise<Product | undefined> => {
  const [product] = await db.query<Product>(
    `update grocery.products set stock = stock + $2 where id = $1 returning ${PRODUCT}`,
    [id, quantity],
  );
  return product;
};

export const listProducts = (db: Queryable, after: string | undefined, limit: number): Promise<Product[]> =>
  db.query<Product>(
    `select ${PRODUCT} from grocery.products where $1::uuid is null or id > $1 order by id limit $2`,
    [after, limit],
  );

export const findProducts = (db: Queryable, ids: string[]): Promise<Product[]> =>
  db.query<Product>(`select ${PRODUCT} from grocery.products where id = any($1)`, [ids]);

/**
 * Takes the items out of stock where there is enough, and says which it took. The rows are locked in the order of their
 * ids, so that two orders of the same products never deadlock; the test of the stock sees the last committed value.
 */
export const takeFromStock = (db: Queryable, items: readonly Item[]): Promise<SoldItem[]> =>
  db.query<SoldItem>(
    `with item as (
       select * from unnest($1::uuid[], $2::int[]) as item (product_id, quantity)
     ), locked as materialized (
       select id from grocery.products where id = any($1) order by id for update
     )
     update grocery.products product set stock = product.stock - item.quantity
     from item join locked on locked.id = item.product_id
     where product.id = item.product_id and product.stock >= item.quantity
     returning product.id as "productId", item.quantity, product.price_cents as "priceCents"`,
    [items.map((item) => item.productId), items.map((item) => item.quantity)],
  );

export const insertOrder = async (
  db: Queryable,
  order: Omit<Order, 'createdAt' | 'releasedAt'> & { userId: string },
): Promise<Order> => {
  const [row] = await db.query<{ createdAt: Date }>(
    `with placed as (
       insert into grocery.orders (id, user_id, total_cents, purchase_id) values ($1, $2, $3, $7) returning created_at
     ), items as (
       insert into grocery.order_items (order_id, product_id, quantity, price_cents)
       select $1, * from unnest($4::uuid[], $5::int[], $6::int[])
     )
     select created_at as "createdAt" from placed`,
    [
      order.id,
      order.userId,
      order.totalCents,
      order.items.map((item) => item.productId),
      order.items.map((item) => item.quantity),
      order.items.map((item) => item.priceCents),
      order.purchaseId,
    ],
  );
  if (!row) throw new Error('the insertion returned no order');
  const { userId: _userId, ...rest } = order;
  return { ...rest, createdAt: row.createdAt, releasedAt: null };
};

/** The user's orders, the newest first; those before the one with id `before`. */
export const listOrders = (
  db: Queryable,
  userId: string,
  before: string | undefined,
  limit: number,
): Promise<Order[]> =>
  db.query<Order>(
    `select id, total_cents as "totalCents", created_at as "createdAt", purchase_id as "purchaseId",
       released_at as "releasedAt",
       (select json_agg(json_build_object('productId', product_id, 'quantity', quantity, 'priceCents', price_cents)
          order by product_id) from grocery.order_items where order_id = id) as items
     from grocery.orders where user_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`,
    [userId, before, limit],
  );

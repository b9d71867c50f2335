import { idempotencyMigration } from '../../http/idempotency.ts';
import type { Migration } from '../../infrastructure/migrations.ts';
import { outboxMigrations } from '../../infrastructure/outbox.ts';

export const migrations: Migration[] = [
  {
    name: 'products-and-orders',
    sql: `create table grocery.products (
      id uuid primary key,
      name text not null unique,
      price_cents int not null check (price_cents >= 0),
      stock int not null check (stock >= 0)
    );
    create table grocery.orders (
      id uuid primary key,
      user_id uuid not null,
      total_cents int not null,
      created_at timestamptz not null default now()
    );
    create index on grocery.orders (user_id, id);
    create table grocery.order_items (
      order_id uuid not null references grocery.orders,
      product_id uuid not null references grocery.products,
      quantity int not null check (quantity > 0),
      price_cents int not null,
      primary key (order_id, product_id)
    )`,
  },
  idempotencyMigration('grocery'),
  ...outboxMigrations('grocery'),
  {
    name: 'vouchers',
    sql: `alter table grocery.orders add column purchase_id uuid, add column released_at timestamptz;
    create index on grocery.orders (purchase_id) where purchase_id is not null;
    -- One for each purchase of tickets that goods were ordered with, or that was cancelled: its lock puts the two in order.
    create table grocery.vouchers (purchase_id uuid primary key, released_at timestamptz)`,
  },
];

import { idempotencyMigration } from '../../http/idempotency.ts';
import type { Migration } from '../../infrastructure/migrations.ts';
import { outboxMigrations } from '../../infrastructure/outbox.ts';

// No foreign key to catalog or accounts: their tables may lie in another database one day.
export const migrations: Migration[] = [
  {
    name: 'purchases',
    sql: `create table tickets.purchases (
      id uuid primary key,
      user_id uuid not null,
      screening_id uuid not null,
      starts_at timestamptz not null,
      seats text[] not null,
      total_cents int not null,
      created_at timestamptz not null default now(),
      cancelled_at timestamptz
    );
    create index on tickets.purchases (user_id, id);
    -- The primary key is the rule that a seat is sold once.
    create table tickets.sold_seats (
      screening_id uuid not null,
      seat text not null,
      purchase_id uuid not null references tickets.purchases,
      primary key (screening_id, seat)
    );
    create index on tickets.sold_seats (purchase_id)`,
  },
  idempotencyMigration('tickets'),
  ...outboxMigrations('tickets'),
  {
    name: 'sales-reports',
    sql: `create table tickets.sales_reports (
      screening_id uuid primary key,
      purchases int not null,
      seats int not null,
      total_cents bigint not null,
      made_at timestamptz not null default now()
    )`,
  },
  {
    // A row is a seat that is sold or held. Its table keeps its name, since replicas of the version before run beside
    // this one; to them a held seat is simply taken.
    name: 'held-seats',
    sql: `alter table tickets.sold_seats
      alter column purchase_id drop not null,
      add column held_by uuid,
      add column held_until timestamptz,
      add check ((purchase_id is null) = (held_by is not null)),
      add check ((held_by is null) = (held_until is null));
    create index on tickets.sold_seats (held_by) where held_by is not null`,
  },
  { name: 'refunds', sql: 'alter table tickets.purchases add column refunded_at timestamptz' },
];

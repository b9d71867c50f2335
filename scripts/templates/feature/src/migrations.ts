import { idempotencyMigration } from '../../../../src/http/idempotency.ts';
import type { Migration } from '../../../../src/infrastructure/migrations.ts';
import { outboxMigrations } from '../../../../src/infrastructure/outbox.ts';

export const migrations: Migration[] = [
  {
    name: 'things',
    sql: `create table things.things (
      id uuid primary key,
      user_id uuid not null,
      name text not null,
      created_at timestamptz not null default now(),
      unique (user_id, name)
    );
    create index on things.things (user_id, id)`,
  },
  idempotencyMigration('things'),
  ...outboxMigrations('things'),
];

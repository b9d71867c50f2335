import { idempotencyMigration } from '../../http/idempotency.ts';
import type { Migration } from '../../infrastructure/migrations.ts';

export const migrations: Migration[] = [
  {
    name: 'users',
    sql: `create table accounts.users (
      id uuid primary key,
      email text not null unique,
      name text not null,
      role text not null check (role in ('customer', 'staff', 'admin')),
      password_hash text not null,
      created_at timestamptz not null default now()
    )`,
  },
  idempotencyMigration('accounts'),
];

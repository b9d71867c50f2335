import { idempotencyMigration } from '../../http/idempotency.ts';
import type { Migration } from '../../infrastructure/migrations.ts';
import { outboxMigrations } from '../../infrastructure/outbox.ts';

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
  ...outboxMigrations('accounts'),
  {
    name: 'newsletters',
    sql: `create table accounts.newsletters (
      id uuid primary key,
      subject text not null,
      text text not null,
      created_at timestamptz not null default now()
    );
    create table accounts.newsletter_mails (
      newsletter_id uuid not null references accounts.newsletters,
      user_id uuid not null references accounts.users,
      sent_at timestamptz not null default now(),
      primary key (newsletter_id, user_id)
    )`,
  },
];

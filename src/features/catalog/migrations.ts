import { idempotencyMigration } from '../../http/idempotency.ts';
import type { Migration } from '../../infrastructure/migrations.ts';
import { outboxMigrations } from '../../infrastructure/outbox.ts';

export const migrations: Migration[] = [
  {
    name: 'movies-and-screenings',
    sql: `create table catalog.movies (
      id uuid primary key,
      title text not null,
      description text not null,
      minutes int not null check (minutes > 0),
      created_at timestamptz not null default now()
    );
    create table catalog.screenings (
      id uuid primary key,
      movie_id uuid not null references catalog.movies,
      auditorium text not null,
      starts_at timestamptz not null,
      rows int not null check (rows between 1 and 26),
      seats_per_row int not null check (seats_per_row between 1 and 99),
      price_cents int not null check (price_cents >= 0),
      unique (auditorium, starts_at)
    );
    create index on catalog.screenings (starts_at, id);
    create index on catalog.screenings (movie_id, starts_at, id)`,
  },
  idempotencyMigration('catalog'),
  ...outboxMigrations('catalog'),
  {
    name: 'cancelled-screenings',
    sql: `alter table catalog.screenings add column cancelled_at timestamptz,
      drop constraint screenings_auditorium_starts_at_key;
    -- An auditorium is free again when its screening is cancelled.
    create unique index on catalog.screenings (auditorium, starts_at) where cancelled_at is null`,
  },
];

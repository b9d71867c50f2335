import { createHash } from 'node:crypto';
import type { Database, Transaction } from './database.ts';
import type { Logger } from './logger.ts';
import { prepareRoles } from './service-roles.ts';

export interface Migration {
  /** Unique within its schema; never renamed once deployed. */
  name: string;
  /** Runs once, in a transaction. Expand first and contract in a later release: old replicas still run beside it. */
  sql: string;
}

export interface Schema {
  /** The PostgreSQL schema that one feature owns. */
  name: string;
  migrations: readonly Migration[];
  /** Makes rows that every deployment needs; runs at each, so it must be repeatable. */
  prepare?(transaction: Transaction): Promise<void>;
  /** Makes sample rows where the configuration asks for them; must be repeatable too. */
  seed?(transaction: Transaction): Promise<void>;
}

/** Any constant does, as long as every deployment of this database uses the same. */
const DEPLOYMENT_LOCK = 7_461_001;

const checksum = (sql: string) => createHash('sha256').update(sql).digest('hex');

const applyTo = async (transaction: Transaction, schema: Schema, logger: Logger) => {
  const applied = await transaction.query<{ name: string; checksum: string }>(
    'select name, checksum from deployment.migrations where schema = $1',
    [schema.name],
  );
  const known = new Map(applied.map((row) => [row.name, row.checksum]));
  for (const { name, sql } of schema.migrations) {
    if (known.has(name)) {
      if (known.get(name) !== checksum(sql))
        throw new Error(`Migration ${schema.name}/${name} was edited after it ran`);
      continue;
    }
    await transaction.run(sql);
    await transaction.query(
      'insert into deployment.migrations (schema, name, checksum) values ($1, $2, $3)',
      [schema.name, name, checksum(sql)],
    );
    logger.info({ schema: schema.name, migration: name }, 'migrated');
  }
};

interface MigrationOptions {
  /** Make sample rows. */
  seed: boolean;
  /** By schema: the password of its own service's role. */
  rolePasswords?: Readonly<Record<string, string>>;
}

/**
 * Brings every schema up to date, all or nothing, under a lock that makes a second deployment wait for the first.
 * @throws when a migration fails or was edited after it ran; then nothing has changed.
 */
export const migrate = (
  database: Database,
  schemas: readonly Schema[],
  { seed, rolePasswords = {} }: MigrationOptions,
  logger: Logger,
): Promise<void> =>
  database.transaction(async (transaction) => {
    // A migration may rightly outlast the limits that protect the request path.
    await transaction.run(`
      set local statement_timeout = 0;
      set local idle_in_transaction_session_timeout = 0;
      select pg_advisory_xact_lock(${DEPLOYMENT_LOCK});
      create schema if not exists deployment;
      create table if not exists deployment.migrations (
        schema text, name text, checksum text not null, applied_at timestamptz not null default now(),
        primary key (schema, name)
      )`);
    for (const schema of schemas) {
      await transaction.run(`create schema if not exists ${schema.name}`);
      await applyTo(transaction, schema, logger);
      await schema.prepare?.(transaction);
      if (seed) await schema.seed?.(transaction);
    }
    await prepareRoles(transaction, rolePasswords);
  });

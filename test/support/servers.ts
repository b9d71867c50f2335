import { randomBytes } from 'node:crypto';
import pg from 'pg';

const required = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; npm test provides the servers that the tests need`);
  return value;
};

/** The Redis that all test files share; each keeps to a key prefix of its own. */
export const sharedRedisUrl = () => required('TEST_REDIS_URL');
const maintenanceUrl = () => required('TEST_DATABASE_URL');

export const uniqueName = (kind: string) => `${kind}_${randomBytes(6).toString('hex')}`;

const administer = async (sql: string) => {
  const client = new pg.Client({ connectionString: maintenanceUrl() });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

export interface TestDatabase {
  url: string;
  /** For looking inside, and for holding locks that make a race come out the same each time. */
  pool: pg.Pool;
  drop(): Promise<void>;
}

/** A database for one test file: migrated, as a copy of the template that npm test prepares, or empty. */
export const createDatabaseForTest = async (
  template: 'multiplex_template' | 'template0' = 'multiplex_template',
): Promise<TestDatabase> => {
  const name = uniqueName('test');
  await administer(`create database ${name} template ${template}`);
  const url = new URL(maintenanceUrl());
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 4 });
  pool.on('error', () => {}); // dropping the database ends what is left open
  return {
    url: url.href,
    pool,
    drop: async () => {
      await pool.end();
      await administer(`drop database ${name} with (force)`);
      const roles = await administer(`select rolname from pg_roles where starts_with(rolname, '${name}_')`);
      for (const { rolname } of roles) await administer(`drop role ${rolname}`);
    },
  };
};

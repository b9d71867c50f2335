import pg from 'pg';
import { waitFor } from './wait.ts';

/** Holds what `sql` locks in a transaction of its own, so that a request gets stuck exactly there. */
export const holdLock = async (database: pg.Pool, sql: string, values: unknown[] = []) => {
  // No client of the pool, or a test that fails while it holds the lock would keep the pool from ending.
  const client = new pg.Client(database.options);
  client.on('error', () => {});
  await client.connect();
  await client.query('begin');
  await client.query(sql, values);
  return {
    /** Resolves when at least this many other connections wait for a lock. */
    waiters: (count: number) =>
      waitFor(`${count} waiters`, async () => {
        // Through the pool: within a transaction this view does not change.
        const { rows } = await database.query<{ waiting: number }>(
          `select count(*)::int as waiting from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return (rows[0]?.waiting ?? 0) >= count;
      }),
    release: () => client.end(), // which rolls back
  };
};

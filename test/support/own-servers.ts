import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../../scripts/services/postgres.ts';
import { startRedis } from '../../scripts/services/redis.ts';
import { runMigrations } from '../../src/composition.ts';
import { loadConfig } from '../../src/config.ts';
import { createLifecycle } from '../../src/infrastructure/lifecycle.ts';
import { createLogger } from '../../src/infrastructure/logger.ts';
import { type Env, testEnv } from './env.ts';
import { createLogs } from './logs.ts';
import { sharedRedisUrl, type TestDatabase } from './servers.ts';

const inFolder = async <Server extends { stop(): Promise<void> }>(
  start: (folder: string) => Promise<Server>,
) => {
  const folder = mkdtempSync(join(tmpdir(), 'multiplex-own-'));
  const server = await start(folder);
  const end = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  /** Stops it and deletes its data. */
  return { ...server, end };
};

/** A Redis for one test file, which may be stopped, hung and filled; it keeps its data over a restart. */
export const startOwnRedis = () =>
  inFolder((folder) => startRedis({ folder, persistent: true, log: () => {} }));

/** Brings the database that this environment names up to date, as a deployment does. */
export const migrateDatabase = async (env: Env): Promise<void> => {
  const config = loadConfig(testEnv({ REDIS_URL: sharedRedisUrl(), ...env }));
  const logger = createLogger({ level: 'silent', instance: 'test' }, createLogs());
  const lifecycle = createLifecycle(logger);
  await runMigrations(config, logger, lifecycle).finally(lifecycle.close);
};

/** A PostgreSQL for one test file, migrated. */
export const startOwnPostgres = async () => {
  const server = await inFolder((folder) => startPostgres({ folder, persistent: true, log: () => {} }));
  await migrateDatabase({ DATABASE_URL: server.url });
  const pool = new pg.Pool({ connectionString: server.url, max: 4 });
  pool.on('error', () => {});
  const database: TestDatabase = { url: server.url, pool, drop: () => pool.end() };
  return { ...server, database };
};

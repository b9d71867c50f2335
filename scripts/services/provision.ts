import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import type { RunningServer } from './server.ts';

export interface Services {
  redisUrl: string;
  databaseUrl: string;
  /** Stops what was started here; what was found keeps running. Safe to call twice. */
  stop(): Promise<void>;
}

interface ProvisionOptions {
  /** Where the data of own servers lies. */
  folder: string;
  /** Keep the data for the next start. */
  persistent: boolean;
  /** URLs of servers that run already. */
  redisUrl: string | undefined;
  databaseUrl: string | undefined;
  log(line: string): void;
}

/** @throws when nothing answers at the URL, naming the variable it came from. */
const checkRedis = async (url: string) => {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 3_000 });
  let reason: unknown;
  client.on('error', (error) => {
    reason = error; // what connect() rejects with says only that the connection is closed
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    reason ??= error;
    throw new Error(`REDIS_URL: no Redis answers there (${(reason as Error).message})`, { cause: reason });
  } finally {
    client.disconnect();
  }
};

const checkPostgres = async (connectionString: string) => {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 3_000 });
  try {
    await client.connect();
    await client.query('select 1');
  } catch (error) {
    throw new Error(`DATABASE_URL: no PostgreSQL answers there (${(error as Error).message})`, {
      cause: error,
    });
  } finally {
    await client.end().catch(() => {});
  }
};

/**
 * Uses the servers whose URLs are given, and starts the others.
 * @throws when a given one does not answer or an own one cannot be started; then nothing is left running.
 */
export const provisionServices = async (options: ProvisionOptions): Promise<Services> => {
  const { folder, persistent, log } = options;
  const own: RunningServer[] = [];

  const provide = async (
    name: string,
    given: string | undefined,
    check: (url: string) => Promise<void>,
    start: typeof startRedis,
  ): Promise<string> => {
    const startedAt = Date.now();
    const took = () => `${((Date.now() - startedAt) / 1_000).toFixed(1)} s`;
    if (given) {
      await check(given);
      log(`${name}: using the given one (${took()})`);
      return given;
    }
    const server = await start({ folder: join(folder, name), persistent, log });
    own.push(server);
    log(`${name}: started on 127.0.0.1:${server.port} (${took()})`);
    return server.url;
  };

  const stop = async () => {
    await Promise.all(own.splice(0).map((server) => server.stop()));
  };
  const results = await Promise.allSettled([
    provide('redis', options.redisUrl, checkRedis, startRedis),
    provide('postgres', options.databaseUrl, checkPostgres, startPostgres),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const [redisUrl, databaseUrl] = results.map((result) => (result as PromiseFulfilledResult<string>).value);
  return { redisUrl: redisUrl as string, databaseUrl: databaseUrl as string, stop };
};

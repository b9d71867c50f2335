import { Redis } from 'ioredis';
import type pg from 'pg';
import { startApi } from '../../src/composition.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { createLifecycle } from '../../src/infrastructure/lifecycle.ts';
import { createLogger } from '../../src/infrastructure/logger.ts';
import { isApart, makeRoles, startApart } from './apart.ts';
import { type Env, testEnv } from './env.ts';
import { createLogs, type Logs } from './logs.ts';
import { createDatabaseForTest, sharedRedisUrl, type TestDatabase, uniqueName } from './servers.ts';

/** One API of several in the test's process: it shares nothing with the others but Redis and PostgreSQL. */
export interface Instance {
  id: string;
  url: string;
  /** Where the process is that serves this feature; the same for all unless they are apart. */
  urlOf(feature: string): string;
  config: Config;
  logs: Logs;
  close(): Promise<void>;
}

export interface Cinema {
  instances: Instance[];
  /** The instance of this index, counted round, so that `at(i)` spreads requests. */
  at(index: number): Instance;
  /** Starts one more; `env` goes over that of the others. */
  addInstance(env?: Env): Promise<Instance>;
  database: pg.Pool;
  /** Prefixes keys as the instances do. */
  redis: Redis;
  /** What a process of its own needs to belong to this cinema. */
  env: Env;
  close(): Promise<void>;
}

export interface CinemaOptions {
  instances?: number;
  env?: Env;
  /** For tests that do harm to a server: one of their own, instead of the shared one. */
  redisUrl?: string;
  database?: TestDatabase;
}

const startInstance = async (id: string, env: Env): Promise<Instance> => {
  const config = loadConfig({ ...env, INSTANCE_ID: id });
  const logs = createLogs();
  const logger = createLogger({ level: config.logLevel, instance: id }, logs);
  const lifecycle = createLifecycle(logger);
  const { port } = await startApi(config, logger, lifecycle).catch(async (error: unknown) => {
    await lifecycle.close();
    throw error;
  });
  const url = `http://127.0.0.1:${port}`;
  return { id, config, logs, url, urlOf: () => url, close: lifecycle.close };
};

/** A cinema of its own, empty and migrated, served by `instances` APIs. */
export const openCinema = async (options: CinemaOptions = {}): Promise<Cinema> => {
  const { instances: count = 1, env = {}, redisUrl = sharedRedisUrl() } = options;
  const database = options.database ?? (await createDatabaseForTest());
  if (isApart) await makeRoles(database);
  const keyPrefix = `${uniqueName('test')}:`;
  const shared = testEnv({
    DATABASE_URL: database.url,
    REDIS_URL: redisUrl,
    REDIS_KEY_PREFIX: keyPrefix,
    ...env,
  });
  const redis = new Redis(redisUrl, { keyPrefix });
  redis.on('error', () => {}); // some tests stop it;
  const instances: Instance[] = [];
  const addInstance = async (own: Env = {}) => {
    const [id, whole] = [`api-${instances.length + 1}`, { ...shared, ...own }];
    const instance = await (isApart ? startApart(id, whole, startInstance) : startInstance(id, whole));
    instances.push(instance);
    return instance;
  };
  const cinema: Cinema = {
    instances,
    at: (index) => instances[index % instances.length] as Instance,
    addInstance,
    database: database.pool,
    redis,
    env: shared,
    close: async () => {
      await Promise.all(instances.map((instance) => instance.close()));
      redis.disconnect();
      await database.drop();
    },
  };
  try {
    for (let index = 0; index < count; index += 1) await addInstance();
  } catch (error) {
    await cinema.close();
    throw error;
  }
  return cinema;
};

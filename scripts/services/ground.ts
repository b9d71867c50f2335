import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { runToEnd } from './children.ts';
import { provisionServices } from './provision.ts';
import { startTarget, type Target } from './target.ts';

const SECRET = 'a-secret-for-measuring-that-is-long-enough';
const PLENTY = '1000000000';

type Env = Record<string, string | undefined>;

/** Real servers for one measurement: those that the environment names, or some whose data is gone with `end`. */
export const provideForMeasuring = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'multiplex-ground-'));
  const { redisUrl, databaseUrl, stop } = await provisionServices({
    folder,
    persistent: false,
    redisUrl: process.env.REDIS_URL,
    databaseUrl: process.env.DATABASE_URL,
    log: () => {},
  });
  const end = async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { folder, redisUrl, databaseUrl, end };
};

/** Real servers, a migrated database, and the environment that production would have; for one measurement. */
export const prepareGround = async () => {
  const services = await provideForMeasuring();
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PUBLIC_URL: 'http://localhost',
    JWT_KEYS: `ground:${SECRET}`,
    SESSION_SECRETS: SECRET,
    REDIS_URL: services.redisUrl,
    DATABASE_URL: services.databaseUrl,
    RATE_LIMIT_USER: PLENTY,
    RATE_LIMIT_ADDRESS: PLENTY,
    RATE_LIMIT_LOGIN: '100000000',
    DRAIN_SECONDS: '0',
    SEED_SAMPLE: 'true',
  };
  const migrate = (own: Env) => runToEnd([process.execPath, 'dist/entry-points/migrate.js'], { env: own });
  await runToEnd(['npm', 'run', '--silent', 'build']);
  await migrate(env);
  const database = new pg.Pool({ connectionString: services.databaseUrl, max: 4 });
  const redis = new Redis(services.redisUrl);
  return {
    /** For files that are gone with it. */
    folder: services.folder,
    env,
    /** What the references need to accept the same tokens. */
    referenceEnv: { ...env, JWT_SECRET: SECRET, SESSION_SECRET: SECRET },
    database,
    redis,
    migrate,
    startOurs: (own: Env = env): Promise<Target> =>
      startTarget({ command: ['dist/entry-points/api-server.js'], env: own, probe: '/readyz' }),
    end: async () => {
      redis.disconnect();
      await database.end();
      await services.end();
    },
  };
};

export type Ground = Awaited<ReturnType<typeof prepareGround>>;

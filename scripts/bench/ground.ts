import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';
import pg from 'pg';
import { runToEnd } from '../services/children.ts';
import { provisionServices } from '../services/provision.ts';
import { startTarget, type Target } from './target.ts';

const SECRET = 'a-secret-for-measuring-that-is-long-enough';
const PLENTY = '1000000000';
const PASSWORD = 'correct horse';
const SEAT_ROWS = 26;
const SEATS_PER_ROW = 99;

/** Every seat of a screening of the largest size. */
export const SEATS = Array.from({ length: SEAT_ROWS * SEATS_PER_ROW }, (_, index) => {
  const row = String.fromCharCode('A'.charCodeAt(0) + Math.floor(index / SEATS_PER_ROW));
  return `${row}${(index % SEATS_PER_ROW) + 1}`;
});

type Env = Record<string, string | undefined>;

/** Real servers, a migrated database, and the environment that production would have; for one measurement. */
export const prepareGround = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'multiplex-bench-'));
  const services = await provisionServices({
    folder,
    persistent: false,
    redisUrl: process.env.REDIS_URL,
    databaseUrl: process.env.DATABASE_URL,
    log: () => {},
  });
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PUBLIC_URL: 'http://localhost',
    JWT_KEYS: `bench:${SECRET}`,
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
    folder,
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
      await services.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export type Ground = Awaited<ReturnType<typeof prepareGround>>;

const post = (url: string, body: unknown) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** Registers somebody with ours and logs them in both ways. */
export const logIn = async (url: string) => {
  const email = `${randomUUID()}@example.test`;
  await post(`${url}/v1/accounts`, { email, name: 'Bench', password: PASSWORD });
  const login = await post(`${url}/v1/accounts/login`, { email, password: PASSWORD });
  const { accessToken } = (await login.json()) as { accessToken: string };
  const session = await post(`${url}/v1/accounts/session`, { email, password: PASSWORD });
  const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? '';
  const { login: loginId = '', sub: userId = '' } = jwt.decode(accessToken) as Record<string, string>;
  return { auth: { authorization: `Bearer ${accessToken}` }, cookie: { cookie }, loginId, userId };
};

/** Screenings to buy from, the same for ours and the reference. */
export const addScreenings = async (database: pg.Pool, count: number): Promise<string[]> => {
  const { rows } = await database.query<{ id: string }>(
    `insert into catalog.screenings (id, movie_id, starts_at, auditorium, rows, seats_per_row, price_cents)
     select gen_random_uuid(), (select id from catalog.movies limit 1), now() + interval '30 days',
       gen_random_uuid()::text, $2, $3, 900 from generate_series(1, $1) returning id`,
    [count, SEAT_ROWS, SEATS_PER_ROW],
  );
  return rows.map(({ id }) => id);
};

import { Redis } from 'ioredis';
import pg from 'pg';
import { createRates, type Reading, type Source } from './source.ts';

/** How a server is asked, in its own words: by a client, or by its program inside its container. */
export type Ask = (question: string) => Promise<string>;

const part = (kind: 'redis' | 'postgres' | 'nginx'): Reading['part'] => ({
  name: `${kind}-1`,
  kind,
  cpuLimitCores: null,
  memoryLimitBytes: null,
});

const TRIES = 3;

/** What a short question takes, in seconds: the least of three, as this process reads other parts at the same time. */
const answerTime = async (ask: Ask, question: string): Promise<number> => {
  let least = Number.POSITIVE_INFINITY;
  for (let tried = 0; tried < TRIES; tried += 1) {
    const startedAt = performance.now();
    await ask(question);
    least = Math.min(least, performance.now() - startedAt);
  }
  return least / 1_000;
};

/** Redis by its INFO; it answers one after the other, so what a PING takes everybody waits. */
export const readRedis = (ask: Ask, close: () => void = () => {}): Source => {
  const rate = createRates();
  return {
    name: 'Redis',
    read: async () => {
      const seconds = await answerTime(ask, 'PING');
      const text = await ask('INFO');
      const figure = (name: string) =>
        Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
      const [used, most] = [figure('used_memory'), figure('maxmemory')];
      return [
        {
          part: part('redis'),
          vitals: [
            ['answer time', 'seconds', seconds],
            ['commands', 'per second', rate('commands', figure('total_commands_processed'))],
            ['connections', 'count', figure('connected_clients')],
            ['blocked clients', 'count', figure('blocked_clients')],
            ['data', 'share', most > 0 ? used / most : null],
          ],
        },
      ];
    },
    close,
  };
};

const ACTIVITY = `select concat_ws(' ', count(*), count(*) filter (where state = 'active' and pid <> pg_backend_pid()),
  count(*) filter (where wait_event_type = 'Lock'), (select sum(xact_commit) from pg_stat_database),
  current_setting('max_connections')) from pg_stat_activity where backend_type = 'client backend';`;

/** PostgreSQL by pg_stat_activity and pg_stat_database. */
export const readPostgres = (ask: Ask, close: () => void = () => {}): Source => {
  const rate = createRates();
  return {
    name: 'PostgreSQL',
    read: async () => {
      const seconds = await answerTime(ask, 'select 1;');
      const text = await ask(ACTIVITY.replaceAll('\n', ' '));
      const [connections = 0, active = 0, locks = 0, commits = 0, most = 1] = text
        .trim()
        .split(' ')
        .map(Number);
      return [
        {
          part: part('postgres'),
          vitals: [
            ['answer time', 'seconds', seconds],
            ['transactions', 'per second', rate('commits', commits)],
            ['active connections', 'count', active],
            ['waiting for locks', 'count', locks],
            ['connections in use', 'share', connections / most],
          ],
        },
      ];
    },
    close,
  };
};

/** nginx by its stub_status (nginx.org/en/docs/http/ngx_http_stub_status_module.html). */
export const readNginx = (ask: Ask, close: () => void = () => {}): Source => {
  const rate = createRates();
  return {
    name: 'nginx',
    read: async () => {
      const [, active, requests, waiting] =
        /connections: (\d+)[\s\S]*?\n \d+ \d+ (\d+)[\s\S]*?Waiting: (\d+)/.exec(await ask('status')) ?? [];
      return [
        {
          part: part('nginx'),
          vitals: [
            ['connections', 'count', Number(active)],
            ['idle', 'count', Number(waiting)],
            ['requests', 'per second', rate('requests', Number(requests))],
          ],
        },
      ];
    },
    close,
  };
};

/** Asks a Redis by its URL. */
export const redisAt = (url: string): Source => {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, commandTimeout: 2_000 });
  redis.on('error', () => {}); // the reading says so
  return readRedis(
    (question) => redis.call(question) as Promise<string>,
    () => redis.disconnect(),
  );
};

/** Asks a PostgreSQL by its URL. */
export const postgresAt = (connectionString: string): Source => {
  const pool = new pg.Pool({ connectionString, max: 1, connectionTimeoutMillis: 2_000 });
  pool.on('error', () => {}); // the reading says so
  return readPostgres(
    async (question) => Object.values((await pool.query(question)).rows[0] as object)[0],
    () => void pool.end(),
  );
};

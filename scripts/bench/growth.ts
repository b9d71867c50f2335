import type { Redis } from 'ioredis';
import pg from 'pg';
import { type Ground, prepareGround } from '../services/ground.ts';
import type { Target } from '../services/target.ts';
import { addScreenings, logIn, SEATS } from './cinema.ts';
import { installReferences, type LoadJob } from './load.ts';
import { measureRounds, type Run, report } from './rounds.ts';

/**
 * What a request costs with more and more behind it: each size has a database and a part of Redis of its own, with as
 * many users, sessions, tickets, jobs and idempotency keys; rounds are interleaved.
 */
const SIZES = [100, 10_000, 1_000_000];
const ROUNDS = 5;
const SECONDS = 3;
const CHUNK = 10_000;

const FILL = `
insert into accounts.users (id, email, name, role, password_hash)
  select gen_random_uuid(), i || '@growth.example', 'Somebody', 'customer', 'none' from generate_series(1, $1::int) i;`;
const FILL_FROM_USERS = `
insert into tickets.purchases (id, user_id, screening_id, starts_at, seats, total_cents)
  select gen_random_uuid(), id, gen_random_uuid(), now() + interval '30 days', array['A1'], 900 from accounts.users;
insert into tickets.sold_seats (screening_id, seat, purchase_id)
  select screening_id, 'A1', id from tickets.purchases;
insert into tickets.jobs (id, name, payload, relayed_at, done_at)
  select id::text, 'tickets.receipt', '{}', now(), now() from tickets.purchases;
insert into tickets.idempotency_keys (owner, key, fingerprint, status, headers, body)
  select user_id::text, id::text, '\\x00', 201, '{}', '{}' from tickets.purchases;
analyze;`;
/** Logins, sessions and counts, as the API makes them; their ids are made up. */
const FILL_REDIS = `for i = tonumber(ARGV[2]), tonumber(ARGV[3]) do
  local id = redis.sha1hex(i)
  redis.call('HSET', ARGV[1] .. 'login:{' .. id .. '}:' .. id, 'role', 'customer', 'generation', 0, 'rotatedAt', 0)
  redis.call('SET', ARGV[1] .. 'session:' .. id, '{"cookie":{},"identity":{"userId":"' .. id .. '"}}', 'EX', 86400)
  redis.call('SET', ARGV[1] .. 'limit:user:' .. id, 1, 'EX', 86400)
end`;

interface Grown {
  size: number;
  ours: Target;
  jobs: Record<string, LoadJob>;
}

const fill = async (database: pg.Pool, redis: Redis, prefix: string, size: number) => {
  await database.query(FILL, [size]);
  await database.query(FILL_FROM_USERS);
  for (let from = 1; from <= size; from += CHUNK)
    await redis.eval(FILL_REDIS, 0, prefix, from, Math.min(size, from + CHUNK - 1));
};

const grow = async (ground: Ground, size: number): Promise<Grown> => {
  const url = new URL(ground.env.DATABASE_URL);
  url.pathname = `/growth_${size}`;
  const prefix = `growth-${size}:`;
  await ground.database.query(`create database growth_${size}`);
  const env = { ...ground.env, DATABASE_URL: url.href, REDIS_KEY_PREFIX: prefix };
  await ground.migrate(env);
  const database = new pg.Pool({ connectionString: url.href, max: 1 });
  await fill(database, ground.redis, prefix, size);
  const ours = await ground.startOurs(env);
  const { auth, cookie } = await logIn(ours.url);
  const screenings = await addScreenings(database, 30);
  await database.end();
  const to = (path: string, headers: Record<string, string>): LoadJob => {
    return { url: `${ours.url}/v1${path}`, headers, connections: 32, seconds: SECONDS };
  };
  const buyer = { ...auth, 'content-type': 'application/json' };
  const jobs = {
    'bearer GET': to('/accounts/identity', auth),
    'session GET': to('/accounts/identity', cookie),
    'account GET, from PostgreSQL': to('/accounts/me', auth),
    'my tickets, from PostgreSQL': to('/tickets/purchases', auth),
    'buy a seat': { ...to('/tickets/purchases', buyer), screenings, seats: SEATS },
  };
  return { size, ours, jobs };
};

await installReferences();
const ground = await prepareGround();
const grown: Grown[] = [];
for (const size of SIZES) {
  console.log(`filling with ${size} …`);
  grown.push(await grow(ground, size));
}
const runs = grown.flatMap(({ size, ours, jobs }) =>
  Object.entries(jobs).map(
    ([workload, job]): Run => ({ workload, name: `${size} rows`, pids: [ours.pid], job }),
  ),
);
const figures = await measureRounds(runs, ROUNDS);
for (const { ours } of grown) await ours.stop();
await ground.end();
report(figures);

import type { Redis } from 'ioredis';
import { v7 as uuidv7 } from 'uuid';
import type { Database, Transaction } from './database.ts';
import type { Job, JobDefinition } from './jobs.ts';
import type { Logger } from './logger.ts';
import type { Migration } from './migrations.ts';
import { createPublisher } from './publisher.ts';
import type { Queues } from './queues.ts';
import { isRedisUnavailable } from './redis.ts';
import { currentOrigin, type Origin } from './request-context.ts';

/**
 * A job is a row, written in the transaction that makes it due and marked done in the transaction that makes its
 * effect. Redis only hurries it along: were its data lost, the relay would hand the undone rows over again.
 */
export const outboxMigrations = (schema: string): Migration[] => [
  {
    name: 'jobs',
    sql: `create table ${schema}.jobs (
    id text primary key,
    name text not null,
    payload jsonb not null,
    created_at timestamptz not null default now(),
    relayed_at timestamptz,
    done_at timestamptz,
    failed_at timestamptz,
    failure text
  );
  create index on ${schema}.jobs (id) where relayed_at is null;
  create index on ${schema}.jobs (relayed_at) where done_at is null and failed_at is null;
  create index on ${schema}.jobs (done_at)`,
  },
  // So that the worker's log lines and spans belong to the request that made the job due.
  { name: 'jobs-origin', sql: `alter table ${schema}.jobs add column origin jsonb` },
];

/** How long a relayed row may be undone before it is handed over again; longer than all retries of a job. */
const REPEAT_AFTER = '15 minutes';
const BATCH = 500;
const POLL_MS = 1_000; // the safety net for a lost wake-up

const channelOf = (redis: Redis) => `${redis.options.keyPrefix}outbox`;

export interface Outbox {
  /** Makes the job due when `transaction` commits. One whose `id` is known already is not due once more. */
  enqueue<Payload>(transaction: Transaction, job: Named<Payload>, payload: Payload, id?: string): void;
}

/** A job, or an event, whose job is to be delivered. */
type Named<Payload> = Pick<Job<Payload>, 'name' | 'payload'>;

/** The outbox of one feature. */
export const createOutbox = (schema: string, redis: Redis): Outbox => {
  const publish = createPublisher(redis);
  return {
    enqueue: (transaction, job, payload, id = uuidv7()) => {
      const insert = `insert into ${schema}.jobs (id, name, payload, origin) values ($1, $2, $3, $4) on conflict do nothing`;
      const origin = JSON.stringify(currentOrigin());
      transaction.send(insert, [id, job.name, JSON.stringify(payload), origin]);
      // Through Redis and not NOTIFY, whose commits take a lock of the whole server one after another.
      transaction.afterCommit(() => publish(channelOf(redis), schema));
    },
  };
};

interface Row {
  id: string;
  name: string;
  payload: unknown;
  origin: Origin | null;
}

const relayBatch = (database: Database, queues: Queues, schema: string, jobs: Map<string, JobDefinition>) =>
  database.transaction(async (transaction) => {
    const rows = await transaction.query<Row>(
      `select id, name, payload, origin from ${schema}.jobs where relayed_at is null
         or (done_at is null and failed_at is null and relayed_at < now() - interval '${REPEAT_AFTER}')
       order by id limit ${BATCH} for update skip locked`,
    );
    if (rows.length === 0) return 0;
    // Killed between the two, the rows go over once more, and BullMQ ignores a job id that it has.
    await queues.add(rows.map((row) => ({ ...row, lane: jobs.get(row.name)?.lane ?? 'bulk' })));
    await transaction.query(`update ${schema}.jobs set relayed_at = now() where id = any($1)`, [
      rows.map((row) => row.id),
    ]);
    return rows.length;
  });

/** For each schema the age of its oldest row that was not relayed, in seconds; none while PostgreSQL is away. */
export const relayLags = async (database: Database, schemas: readonly string[]) => {
  const lags = schemas.map(async (schema) => {
    const [oldest] = await database.query<{ seconds: number }>(
      `select extract(epoch from now() - created_at)::float8 as seconds from ${schema}.jobs
       where relayed_at is null order by id limit 1`,
    );
    return { schema, seconds: oldest?.seconds ?? 0 };
  });
  return Promise.all(lags).catch(() => []);
};

interface RelayParts {
  database: Database;
  redis: Redis;
  queues: Queues;
  /** The features' jobs by schema. */
  schemas: ReadonlyMap<string, readonly JobDefinition[]>;
  logger: Logger;
}

/** Moves due rows to BullMQ: at once when woken, and every second. Any number of relays share the work. */
export const startRelay = ({ database, redis, queues, schemas, logger }: RelayParts) => {
  // Waits for Redis, unlike the request path's connection, so that it hears again whenever Redis is back.
  const subscriber = redis.duplicate({ enableOfflineQueue: true });
  subscriber.on('error', () => {}); // the request path's connection reports outages
  let stopped = false;
  let wake = () => {};

  const drain = async () => {
    if (redis.status !== 'ready') return; // or the rows would stay locked while BullMQ waits for Redis
    for (const [schema, list] of schemas) {
      const jobs = new Map(list.map((job) => [job.name, job]));
      while (!stopped && (await relayBatch(database, queues, schema, jobs)) === BATCH);
    }
  };
  const run = async () => {
    while (!stopped) {
      let timer: NodeJS.Timeout | undefined;
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
        timer = setTimeout(resolve, POLL_MS);
      });
      await drain().catch((error: unknown) => {
        if (!isRedisUnavailable(error)) logger.error({ err: error }, 'the relay failed; trying again');
      });
      await woken;
      clearTimeout(timer);
    }
  };

  subscriber.on('message', () => wake());
  void subscriber.subscribe(channelOf(redis)).catch(() => {});
  const running = run();
  return {
    close: async () => {
      stopped = true;
      wake();
      await running;
      subscriber.disconnect();
    },
  };
};

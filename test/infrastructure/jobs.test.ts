import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Queue } from 'bullmq';
import { z } from 'zod';
import { loadConfig } from '../../src/config.ts';
import { createDatabase, type Database } from '../../src/infrastructure/database.ts';
import { defineJob, type Job } from '../../src/infrastructure/jobs.ts';
import { createLifecycle, type Lifecycle } from '../../src/infrastructure/lifecycle.ts';
import { createLogger } from '../../src/infrastructure/logger.ts';
import { createMetrics } from '../../src/infrastructure/metrics.ts';
import { createOutbox, type Outbox } from '../../src/infrastructure/outbox.ts';
import { openQueues, queuePrefix } from '../../src/infrastructure/queues.ts';
import { openRedis } from '../../src/infrastructure/redis.ts';
import { startWork } from '../../src/infrastructure/work.ts';
import { testEnv } from '../support/env.ts';
import { createDatabaseForTest, sharedRedisUrl, type TestDatabase, uniqueName } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';

const payload = z.strictObject({ mark: z.string() });
const started: string[] = [];
let behave: (mark: string) => Promise<void> = async () => {};

const lane = (name: string, which: 'urgent' | 'bulk'): Job<{ mark: string }> =>
  defineJob({
    name,
    lane: which,
    payload,
    run: async ({ payload: { mark }, transaction }) => {
      started.push(mark);
      await behave(mark);
      await transaction.query('insert into effects (mark) values ($1)', [mark]);
    },
  });
const urgent = lane('tickets.urgent', 'urgent');
const bulk = lane('tickets.bulk', 'bulk');

let made: TestDatabase;
let database: Database;
let lifecycle: Lifecycle;
let outbox: Outbox;
let bulkQueue: Queue;
const logger = createLogger({ level: 'silent', instance: 'test' });

before(async () => {
  made = await createDatabaseForTest();
  await made.pool.query('create table effects (mark text not null)');
  const env = testEnv({
    DATABASE_URL: made.url,
    DATABASE_POOL_SIZE: '20',
    REDIS_URL: sharedRedisUrl(),
    REDIS_KEY_PREFIX: `${uniqueName('test')}:`,
    JOBS_URGENT_CONCURRENCY: '4',
    JOBS_BULK_CONCURRENCY: '2',
  });
  const config = loadConfig(env);
  lifecycle = createLifecycle(logger);
  database = createDatabase(config.database, logger);
  lifecycle.onClose('postgres', database.close);
  const redis = await openRedis(config.redis, logger);
  lifecycle.onClose('redis', () => redis.disconnect());
  const connection = { url: config.redis.url };
  bulkQueue = new Queue('tickets-bulk', { connection, prefix: queuePrefix(config.redis.keyPrefix) });
  lifecycle.onClose('queue', () => bulkQueue.close());
  outbox = createOutbox('tickets', redis);
  const { registry } = createMetrics(database);
  const features = [{ schema: { name: 'tickets' }, jobs: [urgent, bulk] }];
  startWork({ config, logger, lifecycle, database, redis, registry, features });
});
after(async () => {
  await lifecycle.close();
  await made.drop();
});

const enqueue = (job: Job<{ mark: string }>, ...marks: string[]) =>
  database.transaction(async (transaction) => {
    for (const mark of marks) outbox.enqueue(transaction, job, { mark });
  });
const effects = async (prefix: string): Promise<string[]> => {
  const { rows } = await made.pool.query<{ mark: string }>('select mark from effects where mark like $1', [
    `${prefix}%`,
  ]);
  return rows.map(({ mark }) => mark);
};
const jobRow = async (mark: string) => {
  const { rows } = await made.pool.query(`select * from tickets.jobs where payload->>'mark' = $1`, [mark]);
  return rows[0];
};

test('a job of a committed transaction takes effect once; one of a transaction rolled back never', async () => {
  await assert.rejects(
    database.transaction(async (transaction) => {
      outbox.enqueue(transaction, urgent, { mark: 'undone-1' });
      throw new Error('changed my mind');
    }),
  );
  await enqueue(urgent, 'once-1');
  await waitFor('the effect', async () => (await jobRow('once-1'))?.done_at);
  assert.deepEqual(await effects('once'), ['once-1']);
  assert.deepEqual(await effects('undone'), []);
});

test('a job that comes again does nothing', async () => {
  await enqueue(bulk, 'again-1');
  const { id } = await waitFor('the effect', async () =>
    (await jobRow('again-1'))?.done_at ? jobRow('again-1') : undefined,
  );
  await bulkQueue.remove(id);
  await bulkQueue.add('tickets.bulk', { mark: 'again-1' }, { jobId: id });
  await waitFor('the second run', async () => (await bulkQueue.getJobState(id)) === 'completed');
  assert.deepEqual(await effects('again'), ['again-1']);
});

test('a job that Redis lost is relayed again', async () => {
  const before = await made.pool.query(
    `insert into tickets.jobs (id, name, payload, relayed_at) values ('lost', 'tickets.bulk', '{"mark":"lost-1"}', now() - interval '1 hour') returning id`,
  );
  assert.equal(before.rowCount, 1);
  await waitFor('the effect', async () => (await effects('lost')).length === 1);
});

test('a job that fails is tried again, and leaves no effect of the failed try', async () => {
  let tries = 0;
  behave = async (mark) => {
    if (mark === 'flaky-1' && ++tries < 3) throw new Error('not yet');
  };
  await enqueue(urgent, 'flaky-1');
  await waitFor('the effect', async () => (await jobRow('flaky-1'))?.done_at);
  assert.equal(tries, 3);
  assert.deepEqual(await effects('flaky'), ['flaky-1']);
});

test('a malformed payload is a dead letter with its reason, at once, and the worker goes on', async () => {
  await made.pool.query(
    `insert into tickets.jobs (id, name, payload) values ('bad', 'tickets.urgent', '{"mark":7}')`,
  );
  await enqueue(urgent, 'after-bad');
  const row = await waitFor('the dead letter', async () => {
    const { rows } = await made.pool.query(
      `select * from tickets.jobs where id = 'bad' and failed_at is not null`,
    );
    return rows[0];
  });
  assert.match(row.failure, /malformed payload: mark/);
  await waitFor('the next one', async () => (await effects('after-bad')).length === 1);
});

test('urgent jobs start at once behind a backlog of bulk, and bulk goes on under a flood of urgent', async () => {
  behave = () => new Promise((resolve) => setTimeout(resolve, 5));
  const many = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  const marks = many('backlog', 10_000);
  await bulkQueue.addBulk(
    marks.map((mark) => ({ name: 'tickets.bulk', data: { mark }, opts: { jobId: mark } })),
  );
  await waitFor('bulk to run', () => started.some((mark) => mark.startsWith('backlog')));
  const from = started.length;
  await enqueue(urgent, ...many('rush', 200));
  await waitFor('all urgent', async () => (await effects('rush')).length === 200);
  const since = started.slice(from);
  const lastRush = since.findLastIndex((mark) => mark.startsWith('rush'));
  const bulkMeanwhile = since.slice(0, lastRush).filter((mark) => mark.startsWith('backlog')).length;
  assert.ok(bulkMeanwhile > 0, 'bulk is not starved');
  assert.ok(
    bulkMeanwhile < 400,
    `urgent did not wait for the backlog, of which ${bulkMeanwhile} ran meanwhile`,
  );
  await bulkQueue.pause();
});

test('a schedule that the code no longer has is removed, and the others stay', async () => {
  const config = loadConfig(
    testEnv({
      DATABASE_URL: made.url,
      REDIS_URL: sharedRedisUrl(),
      REDIS_KEY_PREFIX: `${uniqueName('test')}:`,
    }),
  );
  const queues = openQueues(config.redis, ['tickets']);
  const noon = (name: string) => ({
    job: { name, lane: 'bulk', payload: z.strictObject({}), run: async () => {} } as Job<
      Record<string, never>
    >,
    pattern: '0 12 * * *',
    timezone: 'Europe/Berlin',
  });
  await queues.startSchedules([noon('tickets.a'), noon('tickets.b')]);
  await queues.startSchedules([noon('tickets.a'), noon('tickets.b')]);
  await queues.removeOtherSchedules([noon('tickets.b')]);
  const left = await queues.all[1]?.queue.getJobSchedulers();
  assert.deepEqual(
    left?.map(({ key, tz }) => [key, tz]),
    [['tickets.b', 'Europe/Berlin']],
  );
  assert.equal(await queues.all[1]?.queue.getDelayedCount(), 1);
  await queues.close();
});

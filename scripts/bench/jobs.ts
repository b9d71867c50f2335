import { Queue, Worker } from 'bullmq';
import { z } from 'zod';
import { loadConfig } from '../../src/config.ts';
import { createDatabase } from '../../src/infrastructure/database.ts';
import { defineJob, type Lane } from '../../src/infrastructure/jobs.ts';
import { createLifecycle } from '../../src/infrastructure/lifecycle.ts';
import { createLogger } from '../../src/infrastructure/logger.ts';
import { createMetrics } from '../../src/infrastructure/metrics.ts';
import { migrate } from '../../src/infrastructure/migrations.ts';
import { createOutbox, outboxMigrations, startRelay } from '../../src/infrastructure/outbox.ts';
import { openQueues } from '../../src/infrastructure/queues.ts';
import { openRedis } from '../../src/infrastructure/redis.ts';
import { startWork } from '../../src/infrastructure/work.ts';
import { provideForMeasuring } from '../services/ground.ts';
import { median, quantile } from './figures.ts';

/** Compares our path of a job, which loses and doubles nothing, with plain BullMQ, in one run on one machine. */
const JOBS = 10_000;
const BATCH = 500;
const ROUNDS = 5;
const CONCURRENCY = 16;

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
};
const until = async (condition: () => Promise<boolean>) => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
};

const services = await provideForMeasuring();
const config = loadConfig({
  NODE_ENV: 'test',
  REDIS_URL: services.redisUrl,
  DATABASE_URL: services.databaseUrl,
  REDIS_KEY_PREFIX: `bench-${process.pid}:`,
  JOBS_URGENT_CONCURRENCY: String(CONCURRENCY),
});
const logger = createLogger({ level: 'warn', instance: 'bench' });
const lifecycle = createLifecycle(logger);
const database = createDatabase({ ...config.database, poolSize: 40 }, logger);
lifecycle.onClose('postgres', database.close);
const redis = await openRedis(config.redis, logger);
lifecycle.onClose('redis', () => redis.disconnect());
await migrate(database, [{ name: 'bench', migrations: outboxMigrations('bench') }], { seed: false }, logger);

const startedAt = new Map<string, number>();
const job = (lane: Lane) =>
  defineJob({
    name: `bench.${lane}`,
    lane,
    payload: z.strictObject({ mark: z.string() }),
    run: async ({ payload }) => void startedAt.set(payload.mark, performance.now()),
  });
const urgent = job('urgent');
const bulk = job('bulk');
const features = [{ schema: { name: 'bench' }, jobs: [urgent, bulk] }];
const outbox = createOutbox('bench', redis);
const queues = openQueues(config.redis, ['bench']);
lifecycle.onClose('queues', queues.close);
const plain = new Queue('plain', { connection: { url: config.redis.url }, prefix: 'bench' });
lifecycle.onClose('plain', () => plain.close());

const insertDue = (count: number) =>
  database.query(
    `insert into bench.jobs (id, name, payload)
     select gen_random_uuid(), 'bench.urgent', '{"mark":"x"}' from generate_series(1, $1)`,
    [count],
  );
const noneWhere = async (condition: string) =>
  (await database.query(`select 1 from bench.jobs where ${condition} limit 1`)).length === 0;

const addPlainly = async () => {
  for (let index = 0; index < JOBS; index += BATCH)
    await plain.addBulk(Array.from({ length: BATCH }, () => ({ name: 'plain', data: { mark: 'x' } })));
};
const relayAll = async () => {
  const schemas = new Map([['bench', [urgent, bulk]]]);
  const relay = startRelay({ database, redis, queues, schemas, logger });
  await until(() => noneWhere('relayed_at is null'));
  await relay.close();
};
const workPlainly = async () => {
  let left = JOBS;
  const connection = { url: config.redis.url, maxRetriesPerRequest: null };
  const worker = new Worker('plain', async () => {}, {
    connection,
    prefix: 'bench',
    concurrency: CONCURRENCY,
  });
  await new Promise<void>((resolve) => worker.on('completed', () => --left === 0 && resolve()));
  await worker.close();
};
const startOurs = () => {
  const work = createLifecycle(logger);
  const { registry } = createMetrics(database);
  startWork({ config, logger, lifecycle: work, database, redis, registry, features });
  return work;
};
const workOurs = async () => {
  const work = startOurs();
  await until(() => noneWhere('done_at is null'));
  return work;
};

const rates: Record<'add' | 'relay' | 'plainWork' | 'ourWork', number[]> = {
  add: [],
  relay: [],
  plainWork: [],
  ourWork: [],
};
for (let round = 0; round < ROUNDS; round += 1) {
  rates.add.push(JOBS / (await seconds(addPlainly)));
  rates.plainWork.push(JOBS / (await seconds(workPlainly)));
  await insertDue(JOBS);
  rates.relay.push(JOBS / (await seconds(relayAll)));
  let work: Awaited<ReturnType<typeof workOurs>> | undefined;
  rates.ourWork.push(JOBS / (await seconds(async () => (work = await workOurs()))));
  await work?.close();
}

/** Milliseconds from the commit of a job to its start. */
const waitOf = async (mark: string): Promise<number> => {
  await database.transaction(async (transaction) => outbox.enqueue(transaction, urgent, { mark }));
  const committedAt = performance.now();
  await until(async () => startedAt.has(mark));
  return (startedAt.get(mark) as number) - committedAt;
};
const work = startOurs();
const measureWaits = async (name: string) => {
  const waits: number[] = [];
  for (let index = 0; index < 200; index += 1) waits.push(await waitOf(`${name}-${index}`));
  return waits;
};
await waitOf('warm-up');
const idle = await measureWaits('idle');
await queues.add(
  Array.from({ length: 10_000 }, (_, index) => ({
    id: `b${index}`,
    name: bulk.name,
    payload: { mark: 'b' },
    lane: 'bulk' as const,
  })),
);
const behind = await measureWaits('behind');
const backlogLeft = await queues.all[1]?.queue.getWaitingCount();
await work.close();
await plain.obliterate({ force: true });
await lifecycle.close();
await services.end();

const row = (values: number[]) =>
  [Math.min(...values), quantile(values, 0.5), Math.max(...values)].map(Math.round);
const ms = (value: number) => `${value.toFixed(1)} ms`;
console.table(
  Object.fromEntries(
    Object.entries(rates).map(([name, values]) => [
      name,
      Object.fromEntries(['min', 'median', 'max'].map((key, index) => [`${key}/s`, row(values)[index]])),
    ]),
  ),
);
console.log(`relay / addBulk            ${(median(rates.relay) / median(rates.add)).toFixed(2)}`);
console.log(`our worker / plain worker  ${(median(rates.ourWork) / median(rates.plainWork)).toFixed(2)}`);
console.log(
  `commit to start, idle              p50 ${ms(quantile(idle, 0.5))}, p99 ${ms(quantile(idle, 0.99))}`,
);
console.log(
  `commit to start, behind a backlog  p50 ${ms(quantile(behind, 0.5))}, p99 ${ms(quantile(behind, 0.99))} (${backlogLeft} bulk jobs left at the end)`,
);

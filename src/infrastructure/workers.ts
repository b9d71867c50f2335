import { DelayedError, type Job as QueuedJob, UnrecoverableError, Worker } from 'bullmq';
import pLimit, { type LimitFunction } from 'p-limit';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { type Database, isDatabaseUnavailable, type Transaction } from './database.ts';
import { type JobDefinition, LANES, type Lane } from './jobs.ts';
import type { Logger } from './logger.ts';
import type { JobMetrics } from './metrics.ts';
import { originOf, queueName, queuePrefix } from './queues.ts';
import { requestContext } from './request-context.ts';
import { type Operation, runWithOrigin, type Tracing } from './tracing.ts';

interface WorkerParts {
  config: Config;
  database: Database;
  /** The features' jobs by the schema that records them. */
  schemas: ReadonlyMap<string, readonly JobDefinition[]>;
  metrics: JobMetrics;
  logger: Logger;
  tracing?: Tracing | undefined;
}

/** A killed worker's job is taken up by another when its lock has run out and somebody looked: within 15 s. */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 5_000;

/**
 * Records that the job's effect was made; false when it was made before. A scheduled job has no row yet, and gets it
 * here.
 */
const claim = async (transaction: Transaction, schema: string, job: QueuedJob): Promise<boolean> => {
  const rows = await transaction.query(
    `insert into ${schema}.jobs as known (id, name, payload, relayed_at, done_at) values ($1, $2, $3, now(), now())
     on conflict (id) do update set done_at = now() where known.done_at is null returning id`,
    [job.id, job.name, JSON.stringify(job.data)],
  );
  return rows.length > 0;
};

/** What a job needs is away. That is not its failure, and says nothing about when it will be back. */
const isOutage = (error: unknown) =>
  isDatabaseUnavailable(error) || (error instanceof AppError && error.problem.status === 503);

const LONGEST_WAIT_MS = 30_000;

/** Puts the job off without counting the attempt, or an outage of some minutes would bury it. */
const putOff = async (job: QueuedJob, token: string | undefined): Promise<never> => {
  const longest = Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** Math.min(job.attemptsStarted, 10));
  await job.moveToDelayed(Date.now() + longest * (0.5 + Math.random() / 2), token);
  throw new DelayedError();
};

const parsePayload = (definition: JobDefinition, data: unknown): never => {
  const parsed = definition.payload.safeParse(data);
  if (parsed.success) return parsed.data as never;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new UnrecoverableError(`malformed payload: ${faults.join('; ')}`);
};

const operationOf = ({ id, name, queueName: queue }: QueuedJob): Operation => ({
  kind: 'consumer',
  name: `process ${name}`,
  attributes: {
    'messaging.system': 'bullmq',
    'messaging.operation.type': 'process',
    'messaging.operation.name': name,
    'messaging.destination.name': queue,
    'messaging.message.id': id,
  },
});

interface Line {
  schema: string;
  jobs: readonly JobDefinition[];
  lane: Lane;
  concurrency: number;
  /** Of all features of the lane, as each has a queue of its own, and the process connections for `concurrency` jobs. */
  gate: LimitFunction;
}

/** Runs a feature's jobs of one lane, each at least once with an effect that commits once. */
const startLine = ({ schema, jobs, lane, concurrency, gate }: Line, parts: WorkerParts): Worker => {
  const { config, database, metrics, logger, tracing } = parts;
  const known = new Map(jobs.map((job) => [job.name, job]));

  const run = async (job: QueuedJob): Promise<void> => {
    const definition = known.get(job.name);
    // Retried, not refused: during a deployment an old worker may meet a job of the new version.
    if (!definition) throw new Error(`no job of the name ${job.name} is known here`);
    const payload = parsePayload(definition, job.data);
    await database.transaction(async (transaction) => {
      if (!(await claim(transaction, schema, job))) return;
      await definition.run({ payload, jobId: String(job.id), transaction });
    });
  };

  const runLogged = async (job: QueuedJob): Promise<void> => {
    const startedAt = performance.now();
    await run(job);
    const ms = Math.round((performance.now() - startedAt) * 100) / 100;
    logger.info({ lane, jobId: job.id, job: job.name, ms }, 'job');
  };

  const runOrPutOff = async (job: QueuedJob, token: string | undefined): Promise<void> => {
    try {
      await runWithOrigin(tracing, originOf(job), operationOf(job), () => runLogged(job));
    } catch (error) {
      if (!isOutage(error)) throw error;
      logger.warn({ lane, jobId: job.id, job: job.name, err: error }, 'a job is put off');
      await putOff(job, token);
    }
  };

  const worker = new Worker(queueName(schema, lane), (job, token) => gate(runOrPutOff, job, token), {
    connection: { url: config.redis.url, maxRetriesPerRequest: null },
    prefix: queuePrefix(config.redis.keyPrefix),
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: 20, // being killed is our fault, not the job's
  });

  const buryDead = async (job: QueuedJob, error: Error) => {
    if (!job.finishedOn) return;
    await database.query(
      `update ${schema}.jobs set failed_at = now(), failure = $2 where id = $1 and done_at is null`,
      [job.id, error.message],
    );
  };
  worker.on('active', (job) =>
    metrics.wait.observe({ lane, job: job.name }, (Date.now() - job.timestamp) / 1_000),
  );
  worker.on('completed', (job) => observeRun(metrics, lane, job, 'completed'));
  worker.on('stalled', () => metrics.stalled.inc({ lane }));
  worker.on('error', (error) => logger.debug({ err: error, lane }, 'the worker lost its connection'));
  worker.on('failed', (job, error) => {
    if (!job) return;
    requestContext.run(originOf(job), () =>
      logger.warn(
        { lane, jobId: job.id, job: job.name, attempt: job.attemptsMade, err: error },
        'a job failed',
      ),
    );
    observeRun(metrics, lane, job, 'failed');
    buryDead(job, error).catch((cause: unknown) =>
      logger.error({ err: cause }, 'could not record a dead job'),
    );
  });
  return worker;
};

const observeRun = (metrics: JobMetrics, lane: Lane, job: QueuedJob, outcome: string) => {
  if (job.processedOn)
    metrics.run.observe({ lane, job: job.name, outcome }, (Date.now() - job.processedOn) / 1_000);
};

/** Starts the workers of every lane. `close` takes no new jobs, and resolves when the running ones are done. */
export const startWorkers = (parts: WorkerParts) => {
  const workers = LANES.flatMap((lane) => {
    const concurrency = parts.config.jobs.concurrency[lane];
    const gate = pLimit(concurrency);
    return [...parts.schemas].map(([schema, jobs]) =>
      startLine({ schema, jobs, lane, concurrency, gate }, parts),
    );
  });
  return {
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
};

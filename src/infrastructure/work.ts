import type { Redis } from 'ioredis';
import type { Registry } from 'prom-client';
import type { Config } from '../config.ts';
import type { Database } from './database.ts';
import type { JobDefinition, Schedule } from './jobs.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import { createJobMetrics } from './metrics.ts';
import { relayLags, startRelay } from './outbox.ts';
import { openQueues, queueDepths } from './queues.ts';
import type { Tracing } from './tracing.ts';
import { startWorkers } from './workers.ts';

/** A feature's part in the work; its schema records the jobs. */
export interface Work {
  schema: { name: string };
  jobs?: readonly JobDefinition[];
  schedules?: readonly Schedule[];
}

interface WorkParts {
  config: Config;
  logger: Logger;
  lifecycle: Lifecycle;
  database: Database;
  redis: Redis;
  tracing?: Tracing | undefined;
  registry: Registry;
  features: readonly Work[];
}

export const schedulesOf = (features: readonly Work[]) => features.flatMap(({ schedules = [] }) => schedules);

/** Each feature's jobs, by the schema that records them. */
const jobsOf = (features: readonly Work[]) =>
  new Map(
    features.map(({ schema, jobs = [], schedules = [] }) => [
      schema.name,
      [...jobs, ...schedules.map((schedule) => schedule.job)],
    ]),
  );

/** Runs jobs, relays due ones and keeps the schedules. It stops relaying first, and ends when running jobs are done. */
export const startWork = (parts: WorkParts): void => {
  const { config, logger, lifecycle, registry, features } = parts;
  const schemas = jobsOf(features);
  const queues = openQueues(config.redis, [...schemas.keys()]);
  lifecycle.onClose('queues', queues.close);
  const metrics = createJobMetrics(registry, {
    depths: () => queueDepths(queues),
    lags: () => relayLags(parts.database, [...schemas.keys()]),
  });
  const workers = startWorkers({ ...parts, schemas, metrics });
  lifecycle.onClose('workers', workers.close);
  const relay = startRelay({ ...parts, queues, schemas });
  lifecycle.onClose('relay', relay.close);
  // Not awaited: without Redis it waits, and the process should still tell its health.
  queues
    .startSchedules(schedulesOf(features))
    .catch((error: unknown) => logger.error({ err: error }, 'could not start the schedules'));
};

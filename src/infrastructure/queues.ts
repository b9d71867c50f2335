import { type Job, Queue } from 'bullmq';
import type { Config } from '../config.ts';
import { LANES, type Lane, type Schedule } from './jobs.ts';
import type { Origin } from './request-context.ts';

/** Tried for about four minutes: 1, 2, 4 … 64 s, each shortened by up to half so that a herd of retries spreads. */
const RETRIES = { attempts: 8, backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 } } as const;

/** What bounds Redis's memory. Ages in seconds; the record that counts is the row in PostgreSQL. */
const RETENTION = {
  removeOnComplete: { age: 3_600, count: 1_000 },
  removeOnFail: { age: 7 * 86_400, count: 5_000 },
};

export interface QueuedJob {
  id: string;
  name: string;
  payload: unknown;
  lane: Lane;
  origin?: Origin | null;
}

/** What made the job due; one that the clock started is its own origin. */
export const originOf = ({ id, opts }: Job): Origin => ({
  requestId: String(id),
  ...JSON.parse(opts.telemetry?.metadata ?? '{}'),
});

/** Each feature has a queue for each lane, so that its workers can be processes of their own. */
export const queueName = (feature: string, lane: Lane) => `${feature}-${lane}`;

const featureOf = ({ name }: { name: string }) => name.slice(0, name.indexOf('.'));

export interface Queues {
  all: readonly { feature: string; lane: Lane; queue: Queue }[];
  /** Adds jobs; one whose id is known already is ignored. */
  add(jobs: readonly QueuedJob[]): Promise<void>;
  /** Starts or changes the schedules, waiting for Redis; repeating it, from any number of processes, adds no tick. */
  startSchedules(schedules: readonly Schedule[]): Promise<void>;
  /** Removes what is not in the list: the schedules that the code no longer has. */
  removeOtherSchedules(schedules: readonly Schedule[]): Promise<void>;
  close(): Promise<void>;
}

/** How many jobs lie in each queue, by state. */
export const queueDepths = async ({ all }: Queues) => {
  const counted = await Promise.all(
    all.map(async ({ feature, lane, queue }) => {
      const counts = await queue.getJobCounts().catch(() => ({}));
      return Object.entries(counts).map(([state, count]) => ({ feature, lane, state, count: Number(count) }));
    }),
  );
  return counted.flat();
};

/** All of a queue's keys in one slot of a Redis Cluster, as BullMQ's scripts need it. */
export const queuePrefix = (keyPrefix: string) => `{${keyPrefix}jobs}`;

export const openQueues = (config: Config['redis'], features: readonly string[]): Queues => {
  const connection = { url: config.url, maxRetriesPerRequest: 1 };
  const open = (feature: string, lane: Lane) => {
    const queue = new Queue(queueName(feature, lane), {
      connection,
      prefix: queuePrefix(config.keyPrefix),
      defaultJobOptions: { ...RETRIES, ...RETENTION },
    });
    queue.on('error', () => {}); // the request path's connection reports outages
    return { feature, lane, queue };
  };
  const all = features.flatMap((feature) => LANES.map((lane) => open(feature, lane)));
  return {
    all,
    add: async (jobs) => {
      for (const { feature, lane, queue } of all) {
        const own = jobs.filter((job) => job.lane === lane && featureOf(job) === feature);
        if (own.length === 0) continue;
        await queue.addBulk(
          own.map(({ id, name, payload, origin }) => ({
            name,
            data: payload,
            opts: { jobId: id, ...(origin && { telemetry: { metadata: JSON.stringify(origin) } }) },
          })),
        );
      }
    },
    startSchedules: async (schedules) => {
      for (const { job, pattern, timezone } of schedules) {
        const { queue } =
          all.find(({ feature, lane }) => lane === job.lane && feature === featureOf(job)) ?? {};
        await queue?.waitUntilReady();
        await queue?.upsertJobScheduler(job.name, { pattern, tz: timezone }, { name: job.name, data: {} });
      }
    },
    removeOtherSchedules: async (schedules) => {
      for (const { lane, queue } of all) {
        await queue.waitUntilReady();
        for (const { key } of await queue.getJobSchedulers())
          if (!schedules.some(({ job }) => job.lane === lane && job.name === key))
            await queue.removeJobScheduler(key);
      }
    },
    close: async () => {
      await Promise.all(all.map(({ queue }) => queue.close()));
    },
  };
};

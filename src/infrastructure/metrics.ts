import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Database } from './database.ts';
import { cpuLimitCores, memoryLimitBytes } from './limits.ts';

/** Bounds in seconds: fine around 1–50 ms, where a healthy request lies, coarse above. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Bounds in seconds: a prompt start, a slow mail server, a backlog. */
const JOB_BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1_800];

/** Gauges that prom-client calls `_total`, which belongs to counters; each repeats what its series by type add up to. */
const MISNAMED = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
];

/** What CPU and memory are compared with: their red lines are shares of these. */
const exportLimits = (registers: Registry[]) => {
  new Gauge({
    name: 'process_cpu_limit_cores',
    help: 'CPU that this process may use: its cgroup quota, at most the one core that JavaScript runs on.',
    registers,
  }).set(cpuLimitCores());
  new Gauge({
    name: 'process_memory_limit_bytes',
    help: 'Memory that this process may use: its cgroup limit, or that of the machine.',
    registers,
  }).set(memoryLimitBytes());
};

/** The process's Prometheus metrics, named by its conventions (base units, _total for counters). */
export const createMetrics = (database: Pick<Database, 'usage'>) => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  exportLimits(registers);
  new Gauge({
    name: 'database_connections',
    help: 'Connections of the PostgreSQL pool; waiting counts callers without one.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(database.usage())) this.set({ state }, count);
    },
  });
  const requestDuration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request line to the last byte of the reply.',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS,
    registers,
  });
  let requests = 0;
  const series = new Map<string, { observe(seconds: number): void }>();
  /** A histogram sorts and hashes its labels at each look-up, so what it finds is kept. */
  const seriesOf = (method: string, route: string, status: number) => {
    const key = `${method} ${status} ${route}`;
    const known = series.get(key) ?? requestDuration.labels({ method, route, status });
    series.set(key, known);
    return known;
  };
  return {
    registry,
    observeRequest: (method: string, route: string, status: number, seconds: number) => {
      requests += 1;
      seriesOf(method, route, status).observe(seconds);
    },
    /** Requests answered by this process so far. */
    countRequests: () => requests,
    rateLimitFallbacks: new Counter({
      name: 'rate_limit_fallbacks_total',
      help: 'Requests counted by this instance alone because Redis did not answer.',
      registers,
    }),
    eventStreams: new Gauge({
      name: 'event_streams',
      help: 'Event streams that are open.',
      registers,
    }),
    eventStreamsDropped: new Counter({
      name: 'event_streams_dropped_total',
      help: 'Event streams cut because the client did not take what was sent.',
      registers,
    }),
    neighbourCalls: new Counter({
      name: 'neighbour_calls_total',
      help: 'Calls of features that other processes serve; away means that they did not answer.',
      labelNames: ['contract', 'operation', 'outcome'],
      registers,
    }),
    breakerState: new Gauge({
      name: 'circuit_breaker_open',
      help: '1 while calls of a neighbour are refused at once, or tried one at a time, because it was away.',
      labelNames: ['contract'],
      registers,
    }),
    uncheckedLogins: new Counter({
      name: 'unchecked_logins_total',
      help: 'Access tokens accepted without the revocation check because Redis did not answer.',
      registers,
    }),
  };
};

export type Metrics = ReturnType<typeof createMetrics>;

interface JobFigures {
  depths(): Promise<{ feature: string; lane: string; state: string; count: number }[]>;
  lags(): Promise<{ schema: string; seconds: number }[]>;
}

/** The metrics of a worker process; the figures are asked for at each scrape. */
export const createJobMetrics = (registry: Registry, { depths, lags }: JobFigures) => {
  const registers = [registry];
  const labelNames = ['lane', 'job'] as const;
  new Gauge({
    name: 'jobs_in_queue',
    help: 'Jobs by queue and state.',
    labelNames: ['feature', 'lane', 'state'],
    aggregator: 'max', // every worker counts the same queues
    registers,
    async collect() {
      for (const { count, ...labels } of await depths()) this.set(labels, count);
    },
  });
  new Gauge({
    name: 'jobs_relay_lag_seconds',
    help: 'Age of the oldest due job that no queue has yet; 0 when all were handed over.',
    labelNames: ['schema'],
    aggregator: 'max',
    registers,
    async collect() {
      const found = await lags();
      this.reset(); // while PostgreSQL is away an old figure would be a lie
      for (const { schema, seconds } of found) this.set({ schema }, seconds);
    },
  });
  return {
    wait: new Histogram({
      name: 'job_wait_seconds',
      help: 'Time from a job entering its queue to its start.',
      labelNames,
      buckets: JOB_BUCKETS,
      registers,
    }),
    run: new Histogram({
      name: 'job_run_seconds',
      help: 'Time that a job ran.',
      labelNames: [...labelNames, 'outcome'],
      buckets: JOB_BUCKETS,
      registers,
    }),
    stalled: new Counter({
      name: 'jobs_stalled_total',
      help: 'Jobs whose worker vanished; they are taken up again.',
      labelNames: ['lane'],
      registers,
    }),
  };
};

export type JobMetrics = ReturnType<typeof createJobMetrics>;

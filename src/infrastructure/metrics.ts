import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Database } from './database.ts';

/** Bounds in seconds: fine around 1–50 ms, where a healthy request lies, coarse above. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The process's Prometheus metrics, named by its conventions (base units, _total for counters). */
export const createMetrics = (database: Pick<Database, 'usage'>) => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'database_connections',
    help: 'Connections of the PostgreSQL pool; waiting counts callers without one.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(database.usage())) this.set({ state }, count);
    },
  });
  return {
    registry,
    requestDuration: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the request line to the last byte of the reply.',
      labelNames: ['method', 'route', 'status'],
      buckets: DURATION_BUCKETS,
      registers,
    }),
    rateLimitFallbacks: new Counter({
      name: 'rate_limit_fallbacks_total',
      help: 'Requests counted by this instance alone because Redis did not answer.',
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

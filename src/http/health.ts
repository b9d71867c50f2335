import { Router } from 'express';
import type { Redis } from 'ioredis';
import type { Database } from '../infrastructure/database.ts';
import type { Metrics } from '../infrastructure/metrics.ts';

interface HealthParts {
  redis: Redis;
  database: Database;
  metrics: Metrics;
  draining: AbortSignal;
}

const within = async (milliseconds: number, check: Promise<unknown>): Promise<'ok' | 'down'> => {
  const late = new Promise<'down'>((resolve) => setTimeout(resolve, milliseconds, 'down').unref());
  const answer = check.then(
    () => 'ok' as const,
    () => 'down' as const,
  );
  return Promise.race([answer, late]);
};

/**
 * /livez: the process runs; a supervisor may restart it when this fails, so it asks nothing of other machines.
 * /readyz: what is missing for full service; for people, deployments and dashboards. Don't let a balancer drop
 * replicas by it: with Redis down all would go at once, with them the routes that still answer.
 * /metrics: Prometheus. nginx passes none of the three on.
 */
export const createHealth = ({ redis, database, metrics, draining }: HealthParts): Router => {
  const router = Router();
  router.get('/livez', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const [postgres, redisState] = await Promise.all([
      within(1_000, database.query('select 1')),
      within(1_000, redis.ping()),
    ]);
    const checks = { postgres, redis: redisState, serving: draining.aborted ? 'draining' : 'ok' };
    const missing = Object.entries(checks).filter(([, state]) => state !== 'ok');
    response.status(missing.length === 0 ? 200 : 503).json({
      status: missing.length === 0 ? 'ready' : 'not ready',
      missing: missing.map(([name]) => name),
      checks,
    });
  });
  router.get('/metrics', async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return router;
};

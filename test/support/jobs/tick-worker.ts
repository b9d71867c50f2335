import { createDatabase } from '../../../src/infrastructure/database.ts';
import { defineJob, noPayload } from '../../../src/infrastructure/jobs.ts';
import { runProcess } from '../../../src/infrastructure/lifecycle.ts';
import { createMetrics } from '../../../src/infrastructure/metrics.ts';
import { openRedis } from '../../../src/infrastructure/redis.ts';
import { startWork } from '../../../src/infrastructure/work.ts';

/** A worker that knows one schedule: each second it notes in the table `ticks` which tick it is. */
const tick = defineJob({
  name: 'accounts.tick',
  lane: 'bulk',
  payload: noPayload,
  run: async ({ jobId, transaction }) => {
    await transaction.query('insert into ticks (id) values ($1)', [jobId]);
  },
});

await runProcess(process.env, async (config, logger, lifecycle) => {
  const database = createDatabase(config.database, logger);
  const redis = await openRedis(config.redis, logger);
  const { registry } = createMetrics(database);
  const schedules = [{ job: tick, pattern: '* * * * * *', timezone: 'UTC' }];
  startWork({
    config,
    logger,
    lifecycle,
    database,
    redis,
    registry,
    features: [{ schema: { name: 'accounts' }, schedules }],
  });
  logger.info('working');
});

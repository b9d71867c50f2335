import express, { type Express } from 'express';
import type { Config } from './config.ts';
import { createAccounts } from './features/accounts/index.ts';
import { createCatalog } from './features/catalog/index.ts';
import type { Feature, Parts } from './features/feature.ts';
import { createGrocery } from './features/grocery/index.ts';
import { createTickets } from './features/tickets/index.ts';
import { createAdmission } from './http/admission.ts';
import { createApp } from './http/create-app.ts';
import { createEventStreams } from './http/event-streams.ts';
import { createHealth } from './http/health.ts';
import { createLogins } from './http/logins.ts';
import { createQueueDashboard } from './http/queue-dashboard.ts';
import { createRateLimiter } from './http/rate-limit.ts';
import { type RunningServer, startServer } from './http/serve.ts';
import { createSessions } from './http/sessions.ts';
import { createTokens } from './http/tokens.ts';
import { openPage } from './http/web-page.ts';
import { createBroadcast } from './infrastructure/broadcast.ts';
import { createDatabase } from './infrastructure/database.ts';
import { startHeartbeat } from './infrastructure/heartbeat.ts';
import type { Lifecycle } from './infrastructure/lifecycle.ts';
import type { Logger } from './infrastructure/logger.ts';
import { createMailer } from './infrastructure/mailer.ts';
import { createMetrics } from './infrastructure/metrics.ts';
import { migrate } from './infrastructure/migrations.ts';
import { openQueues } from './infrastructure/queues.ts';
import { closeRedis, openRedis } from './infrastructure/redis.ts';
import { schedulesOf, startWork } from './infrastructure/work.ts';

/** Which features there are, and whose contract each is given. To delete one, delete its folder and its lines here. */
const composeFeatures = (parts: Parts): Feature[] => {
  const accounts = createAccounts(parts);
  const catalog = createCatalog(parts);
  return [
    accounts,
    catalog,
    createTickets(parts, { accounts: accounts.contract, catalog: catalog.contract }),
    createGrocery(parts, { accounts: accounts.contract }),
  ];
};

/** Opens what the features stand on. What is opened first is closed last. */
const openParts = async (config: Config, logger: Logger, lifecycle: Lifecycle, { patient = false } = {}) => {
  const database = createDatabase({ ...config.database, patient }, logger);
  lifecycle.onClose('postgres', database.close);
  const redis = await openRedis(config.redis, logger);
  lifecycle.onClose('redis', () => closeRedis(redis));

  const broadcast = createBroadcast(redis);
  lifecycle.onClose('broadcast', broadcast.close);

  const metrics = createMetrics(database);
  const { refreshSeconds, refreshGraceSeconds: graceSeconds } = config.tokens;
  const logins = createLogins(redis, { refreshSeconds, graceSeconds });
  const tokens = createTokens(config.tokens);
  const sessions = createSessions(redis, logins, { ...config.sessions, publicUrl: config.http.publicUrl });
  const limiter = createRateLimiter(redis, metrics, logger);
  lifecycle.onClose('heartbeat', startHeartbeat(metrics.registry, metrics.countRequests));
  const mailer = createMailer(config.mail, logger);
  lifecycle.onClose('mail', mailer.close);
  return { config, logger, database, redis, broadcast, metrics, logins, tokens, sessions, limiter, mailer };
};

/** Builds what one API process answers with, without listening. */
export const openApp = async (
  config: Config,
  logger: Logger,
  lifecycle: Lifecycle,
  draining: AbortSignal,
): Promise<Express> => {
  const page = await openPage(config, lifecycle);
  const parts = await openParts(config, logger, lifecycle);
  const admit = createAdmission({ ...parts, limits: config.rateLimits });
  const health = createHealth({ ...parts, draining });
  const { instance, eventStreams: limits } = config;
  const openStream = createEventStreams({ instance, limits, metrics: parts.metrics, draining });
  const queues = openQueues(config.redis);
  lifecycle.onClose('queues', queues.close);
  const dashboard = createQueueDashboard(queues, admit);
  return createApp({ ...parts, admit, openStream, health, dashboard, page, groups: composeFeatures(parts) });
};

/** One API process: stateless, so that any number of them answer any request. Resolves when it listens. */
export const startApi = async (
  config: Config,
  logger: Logger,
  lifecycle: Lifecycle,
): Promise<RunningServer> => {
  const draining = new AbortController();
  const app = await openApp(config, logger, lifecycle, draining.signal);
  const server = await startServer(app, { ...config.http, ...config.shutdown, draining });
  lifecycle.onClose('http', server.drain);
  logger.info({ port: server.port }, 'listening');
  return server;
};

/** One worker process: relays due jobs and runs them. Any number may run; its port tells its health. */
export const startWorker = async (
  config: Config,
  logger: Logger,
  lifecycle: Lifecycle,
): Promise<RunningServer> => {
  const { urgent, bulk } = config.jobs.concurrency;
  // A job holds one connection for its transaction and may ask a neighbour that takes another.
  const database = { ...config.database, poolSize: 2 * (urgent + bulk) + 2 };
  const parts = await openParts({ ...config, database }, logger, lifecycle);
  const draining = new AbortController();
  const health = createHealth({ ...parts, draining: draining.signal });
  startWork({ ...parts, lifecycle, registry: parts.metrics.registry, features: composeFeatures(parts) });
  const server = await startServer(express().use(health), { ...config.http, drainSeconds: 0, draining });
  lifecycle.onClose('http', server.drain);
  logger.info({ port: server.port }, 'working');
  return server;
};

/** Once per deployment, before its replicas start: brings every feature's schema up to date and makes sample data. */
export const runMigrations = async (config: Config, logger: Logger, lifecycle: Lifecycle): Promise<void> => {
  const parts = await openParts(config, logger, lifecycle, { patient: true });
  const features = composeFeatures(parts);
  const schemas = features.map((feature) => feature.schema);
  await migrate(parts.database, schemas, { seed: config.seed.sample }, logger);
  const queues = openQueues(config.redis);
  lifecycle.onClose('queues', queues.close);
  await queues.removeOtherSchedules(schedulesOf(features));
};

import express, { type Express } from 'express';
import { type Config, ConfigError } from './config.ts';
import { accountsContract } from './features/accounts/contract.ts';
import { createAccounts } from './features/accounts/index.ts';
import { catalogContract } from './features/catalog/contract.ts';
import { createCatalog } from './features/catalog/index.ts';
import { connectEvents } from './features/events.ts';
import type { Feature, Parts } from './features/feature.ts';
import { createGrocery } from './features/grocery/index.ts';
import { ticketsContract } from './features/tickets/contract.ts';
import { createTickets } from './features/tickets/index.ts';
import { createAdmission } from './http/admission.ts';
import { createInternalTokens } from './http/contracts/internal-tokens.ts';
import { type CallsOf, createNeighbours } from './http/contracts/neighbours.ts';
import { serveContracts } from './http/contracts/serve.ts';
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
import { createDatabase, type Purpose } from './infrastructure/database.ts';
import { startHeartbeat } from './infrastructure/heartbeat.ts';
import type { Lifecycle } from './infrastructure/lifecycle.ts';
import type { Logger } from './infrastructure/logger.ts';
import { createMailer } from './infrastructure/mailer.ts';
import { createMetrics } from './infrastructure/metrics.ts';
import { migrate } from './infrastructure/migrations.ts';
import { createOutbox } from './infrastructure/outbox.ts';
import { openQueues } from './infrastructure/queues.ts';
import { closeRedis, openRedis } from './infrastructure/redis.ts';
import { openTracing } from './infrastructure/tracing.ts';
import { schedulesOf, startWork } from './infrastructure/work.ts';

/**
 * Which features there are, and whose contract each is given: the neighbour itself, or its client where another process
 * serves it. To delete one, delete its folder and its lines here.
 */
const createFeatures = (parts: Parts, callsOf: CallsOf): Feature[] => {
  const accounts = createAccounts(parts);
  const catalog = createCatalog(parts);
  const neighbours = {
    accounts: callsOf(accountsContract, accounts),
    catalog: callsOf(catalogContract, catalog),
  };
  const tickets = createTickets(parts, neighbours);
  const grocery = createGrocery(parts, { ...neighbours, tickets: callsOf(ticketsContract, tickets) });
  return [accounts, catalog, tickets, grocery];
};

const namesOf = (features: readonly Feature[]) => features.map(({ name }) => name);

/** All features, and those that this process serves. @throws {ConfigError} */
export const composeFeatures = (parts: OpenParts, lifecycle: Lifecycle) => {
  const { serves, callsOf, check } = createNeighbours({ ...parts, tokens: parts.internalTokens, lifecycle });
  const all = createFeatures(parts, callsOf);
  const served = all.filter(({ name }) => serves(name));
  const outboxOf = (feature: string) => createOutbox(feature, parts.redis);
  const events = connectEvents(all, { ...parts, callsOf, outboxOf });
  const work = served.map((feature) => ({
    ...feature,
    jobs: [...(feature.jobs ?? []), ...events.jobsOf(feature)],
  }));
  const offers = served.flatMap((feature) => [...(feature.offers ?? []), ...events.offersOf(feature)]);
  check(namesOf(all));
  return { all, served, work, offers };
};

/** Opens what the features stand on. What is opened first is closed last. */
export const openParts = async (
  config: Config,
  logger: Logger,
  lifecycle: Lifecycle,
  purpose: Purpose = 'requests',
) => {
  const tracing = await openTracing(config, logger);
  if (tracing) lifecycle.onClose('tracing', tracing.close);
  const database = createDatabase({ ...config.database, purpose }, logger, tracing);
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
  const caller = config.features.join() || 'all';
  const internalTokens = createInternalTokens(config.tokens, caller);
  const http = { logins, tokens, internalTokens, sessions, limiter };
  return { config, logger, tracing, database, redis, broadcast, metrics, mailer, ...http };
};

type OpenParts = Awaited<ReturnType<typeof openParts>>;

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
  const { all, served, offers } = composeFeatures(parts, lifecycle);
  const queues = openQueues(config.redis, namesOf(all));
  lifecycle.onClose('queues', queues.close);
  const dashboard = createQueueDashboard(queues, admit);
  const internal = serveContracts(offers, parts.internalTokens);
  return createApp({
    ...parts,
    admit,
    openStream,
    health,
    dashboard,
    page,
    internal,
    groups: served,
    documented: all,
  });
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
  const parts = await openParts({ ...config, database }, logger, lifecycle, 'jobs');
  const draining = new AbortController();
  const health = createHealth({ ...parts, draining: draining.signal });
  const { work } = composeFeatures(parts, lifecycle);
  startWork({ ...parts, lifecycle, registry: parts.metrics.registry, features: work });
  const server = await startServer(express().use(health), { ...config.http, drainSeconds: 0, draining });
  lifecycle.onClose('http', server.drain);
  logger.info({ port: server.port }, 'working');
  return server;
};

/** @throws {ConfigError} when a role is to be made for what has no schema. */
const checkRoles = (passwords: Config['database']['rolePasswords'], schemas: readonly string[]) => {
  const unknown = Object.keys(passwords).filter((name) => !schemas.includes(name));
  if (unknown.length > 0)
    throw new ConfigError(unknown.map((name) => `DATABASE_ROLES: there is no feature ${name}`));
};

/** Once per deployment, before its replicas start: brings every feature's schema up to date and makes sample data. */
export const runMigrations = async (config: Config, logger: Logger, lifecycle: Lifecycle): Promise<void> => {
  const parts = await openParts(config, logger, lifecycle, 'migrations');
  const { served } = composeFeatures(parts, lifecycle);
  const schemas = served.map(({ schema }) => schema);
  const { rolePasswords } = config.database;
  checkRoles(rolePasswords, namesOf(served));
  await migrate(parts.database, schemas, { seed: config.seed.sample, rolePasswords }, logger);
  const queues = openQueues(config.redis, namesOf(served));
  lifecycle.onClose('queues', queues.close);
  await queues.removeOtherSchedules(schedulesOf(served));
};

import type { Express } from 'express';
import type { Config } from './config.ts';
import { createAccounts } from './features/accounts/index.ts';
import { createCatalog } from './features/catalog/index.ts';
import type { Feature, Parts } from './features/feature.ts';
import { createGrocery } from './features/grocery/index.ts';
import { createTickets } from './features/tickets/index.ts';
import { createAdmission } from './http/admission.ts';
import { createApp } from './http/create-app.ts';
import { createHealth } from './http/health.ts';
import { createLogins } from './http/logins.ts';
import { createRateLimiter } from './http/rate-limit.ts';
import { type RunningServer, startServer } from './http/serve.ts';
import { createSessions } from './http/sessions.ts';
import { createTokens } from './http/tokens.ts';
import { createDatabase } from './infrastructure/database.ts';
import type { Lifecycle } from './infrastructure/lifecycle.ts';
import type { Logger } from './infrastructure/logger.ts';
import { createMetrics } from './infrastructure/metrics.ts';
import { migrate } from './infrastructure/migrations.ts';
import { closeRedis, openRedis } from './infrastructure/redis.ts';

/** Which features there are, and whose contract each is given. To delete one, delete its folder and its lines here. */
const composeFeatures = (parts: Parts): Feature[] => {
  const catalog = createCatalog(parts);
  return [
    createAccounts(parts),
    catalog,
    createTickets(parts, { catalog: catalog.contract }),
    createGrocery(parts),
  ];
};

/** Opens what the features stand on. What is opened first is closed last. */
const openParts = async (config: Config, logger: Logger, lifecycle: Lifecycle, { patient = false } = {}) => {
  const database = createDatabase({ ...config.database, patient }, logger);
  lifecycle.onClose('postgres', database.close);
  const redis = await openRedis(config.redis, logger);
  lifecycle.onClose('redis', () => closeRedis(redis));

  const metrics = createMetrics(database);
  const { refreshSeconds, refreshGraceSeconds: graceSeconds } = config.tokens;
  const logins = createLogins(redis, { refreshSeconds, graceSeconds });
  const tokens = createTokens(config.tokens);
  const sessions = createSessions(redis, logins, { ...config.sessions, publicUrl: config.http.publicUrl });
  const limiter = createRateLimiter(redis, metrics, logger);
  return { config, logger, database, redis, metrics, logins, tokens, sessions, limiter };
};

/** Builds what one API process answers with, without listening. */
export const openApp = async (
  config: Config,
  logger: Logger,
  lifecycle: Lifecycle,
  isDraining: () => boolean,
): Promise<Express> => {
  const parts = await openParts(config, logger, lifecycle);
  const admit = createAdmission({ ...parts, limits: config.rateLimits });
  const health = createHealth({ ...parts, isDraining });
  return createApp({ ...parts, admit, health, groups: composeFeatures(parts) });
};

/** One API process: stateless, so that any number of them answer any request. Resolves when it listens. */
export const startApi = async (
  config: Config,
  logger: Logger,
  lifecycle: Lifecycle,
): Promise<RunningServer> => {
  let server: RunningServer | undefined;
  const app = await openApp(config, logger, lifecycle, () => server?.isDraining() ?? false);

  const { drainSeconds } = config.shutdown;
  server = await startServer(app, { host: config.http.host, port: config.http.port, drainSeconds });
  lifecycle.onClose('http', server.drain);
  logger.info({ port: server.port }, 'listening');
  return server;
};

/** Once per deployment, before its replicas start: brings every feature's schema up to date and makes sample data. */
export const runMigrations = async (config: Config, logger: Logger, lifecycle: Lifecycle): Promise<void> => {
  const parts = await openParts(config, logger, lifecycle, { patient: true });
  const schemas = composeFeatures(parts).map((feature) => feature.schema);
  await migrate(parts.database, schemas, { seed: config.seed.sample }, logger);
};

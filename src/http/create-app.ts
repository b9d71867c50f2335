import cors from 'cors';
import express, { type Express, type RequestHandler } from 'express';
import type { Config } from '../config.ts';
import type { Database } from '../infrastructure/database.ts';
import type { Logger } from '../infrastructure/logger.ts';
import type { Metrics } from '../infrastructure/metrics.ts';
import type { Tracing } from '../infrastructure/tracing.ts';
import type { Admission } from './admission.ts';
import { createDocs } from './docs.ts';
import { createErrorHandler, routeNotFound } from './error-handler.ts';
import type { EventStreams } from './event-streams.ts';
import { createOnce } from './idempotency.ts';
import { mountRoutes } from './mount-routes.ts';
import { createObserver } from './observe.ts';
import type { RouteGroup } from './route.ts';
import { createSecurityHeaders } from './security-headers.ts';

interface AppParts {
  config: Config;
  logger: Logger;
  metrics: Metrics;
  tracing?: Tracing | undefined;
  database: Database;
  admit: Admission;
  openStream: EventStreams;
  health: RequestHandler;
  dashboard: RequestHandler;
  /** The front end, where Node serves it. */
  page: RequestHandler | undefined;
  /** Calls by neighbours that other processes serve. */
  internal: RequestHandler;
  groups: readonly RouteGroup[];
  /** The whole API, whichever process serves it: the document is the same everywhere. */
  documented: readonly RouteGroup[];
}

const createCors = ({ origins, credentials }: Config['http']['cors']): RequestHandler =>
  cors({
    origin: origins.includes('*') ? '*' : [...origins],
    credentials,
    exposedHeaders: [
      'ETag',
      'Idempotency-Replayed',
      'Location',
      'RateLimit',
      'RateLimit-Policy',
      'Retry-After',
      'X-Request-Id',
      'X-Served-By',
    ],
    maxAge: 600, // seconds that a browser may skip the preflight
  });

/** The path of a request, from top to bottom. */
export const createApp = ({
  config,
  logger,
  metrics,
  tracing,
  database,
  admit,
  openStream,
  health,
  dashboard,
  page,
  internal,
  groups,
  documented,
}: AppParts): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag'); // hashing every reply costs more than it saves; routes that profit set their own
  app.set('query parser', 'simple'); // flat strings only: nested queries are nobody's and cost memory
  app.set('trust proxy', config.http.trustProxy);

  app.use(createObserver({ config, logger, metrics, tracing }));
  app.use(createSecurityHeaders());
  if (config.http.cors.origins.length > 0) app.use(createCors(config.http.cors));
  // What is asked most stands first: every router that a request passes by costs it time.
  for (const group of groups) {
    const once = createOnce({ database, schema: group.name, secrets: config.sessions.secrets });
    const { bodyLimitBytes } = config.http;
    const verifyReplies = config.environment !== 'production';
    const parts = { admit, once, openStream, bodyLimitBytes, verifyReplies };
    app.use(`/v1/${group.name}`, mountRoutes(group.routes, `/v1/${group.name}`, parts));
  }
  app.use(internal);
  app.use(health);
  app.use(createDocs(documented, config.http.publicUrl));
  app.use(dashboard);
  if (page) app.use(page);
  app.use(routeNotFound);
  app.use(createErrorHandler(logger));
  return app;
};

import type { Redis } from 'ioredis';
import type { Config } from '../config.ts';
import type { Logins } from '../http/logins.ts';
import type { RateLimiter } from '../http/rate-limit.ts';
import type { RouteGroup } from '../http/route.ts';
import type { Sessions } from '../http/sessions.ts';
import type { Tokens } from '../http/tokens.ts';
import type { Database } from '../infrastructure/database.ts';
import type { Logger } from '../infrastructure/logger.ts';
import type { Schema } from '../infrastructure/migrations.ts';

/** What every feature is built from; each takes what it needs. */
export interface Parts {
  config: Config;
  logger: Logger;
  database: Database;
  redis: Redis;
  logins: Logins;
  tokens: Tokens;
  sessions: Sessions;
  limiter: RateLimiter;
}

/** One folder of src/features, as the rest of the program sees it. `name` is also its PostgreSQL schema. */
export interface Feature extends RouteGroup {
  schema: Schema;
}

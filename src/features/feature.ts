import type { Redis } from 'ioredis';
import type { Config } from '../config.ts';
import type { Offer } from '../http/contracts/contract.ts';
import type { Logins } from '../http/logins.ts';
import type { RateLimiter } from '../http/rate-limit.ts';
import type { RouteGroup } from '../http/route.ts';
import type { Sessions } from '../http/sessions.ts';
import type { Tokens } from '../http/tokens.ts';
import type { Broadcast } from '../infrastructure/broadcast.ts';
import type { Database } from '../infrastructure/database.ts';
import type { JobDefinition, Schedule } from '../infrastructure/jobs.ts';
import type { Logger } from '../infrastructure/logger.ts';
import type { Mailer } from '../infrastructure/mailer.ts';
import type { Schema } from '../infrastructure/migrations.ts';
import type { Event, Subscription } from './events.ts';

/** What every feature is built from; each takes what it needs. */
export interface Parts {
  config: Config;
  logger: Logger;
  database: Database;
  redis: Redis;
  broadcast: Broadcast;
  logins: Logins;
  tokens: Tokens;
  sessions: Sessions;
  limiter: RateLimiter;
  mailer: Mailer;
}

/** One folder of src/features, as the rest of the program sees it. `name` is also its PostgreSQL schema. */
export interface Feature extends RouteGroup {
  schema: Schema;
  /** What its neighbours may call. */
  offers?: readonly Offer[];
  /** What its workers can do; the jobs of schedules are added by themselves. */
  jobs?: readonly JobDefinition[];
  /** What the clock starts; the only place where a schedule is declared. */
  schedules?: readonly Schedule[];
  /** What it tells its neighbours; the jobs of telling are added by themselves. */
  publishes?: readonly Event<unknown>[];
  /** What it is told by them; the jobs are added by themselves. */
  subscriptions?: readonly Subscription[];
}

import { z } from 'zod';
import type { Transaction } from './database.ts';

/**
 * Lanes are queues with workers of their own. Urgent work never waits behind bulk, because nothing bulk is in its
 * queue; and bulk is never starved, because its workers take nothing else.
 */
export const LANES = ['urgent', 'bulk'] as const;
export type Lane = (typeof LANES)[number];

export interface JobRun<Payload> {
  payload: Payload;
  /** The same for every delivery of the job; the key of its effect. */
  jobId: string;
  /** Commits the job's effects together with the record that they were made. */
  transaction: Transaction;
}

export interface JobDefinition {
  /** `<feature>.<what>`; stored with waiting jobs, so it outlives a deployment. */
  name: string;
  lane: Lane;
  payload: z.ZodType;
  /** Runs at least once and commits at most once; what lies outside PostgreSQL must bear a repetition. */
  run(run: JobRun<never>): Promise<void>;
}

/** A job with its payload's type, as its makers need it. */
export interface Job<Payload> extends JobDefinition {
  readonly payload: z.ZodType<Payload>;
  run(run: JobRun<Payload>): Promise<void>;
}

export const defineJob = <Payload>(job: Job<Payload>): Job<Payload> => job;

/** A job that the clock starts: once per tick, however many processes there are. */
export interface Schedule {
  job: Job<Record<string, never>>;
  /** Five fields of cron, or six with seconds first. */
  pattern: string;
  /** IANA name; a schedule means the clock on some wall, and servers have their own. */
  timezone: string;
}

export const noPayload = z.strictObject({});

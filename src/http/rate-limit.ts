import type { Response } from 'express';
import { type Redis, ReplyError } from 'ioredis';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.ts';
import type { Logger } from '../infrastructure/logger.ts';
import type { Metrics } from '../infrastructure/metrics.ts';
import { isRedisUnavailable } from '../infrastructure/redis.ts';

/** At most `limit` requests in a window that opens with the first of them. */
export interface LimitPolicy {
  /** Names the policy in the RateLimit headers and in the Redis key. */
  name: string;
  limit: number;
  windowSeconds: number;
}

interface Count {
  used: number;
  resetMs: number;
  /** Whether the record exists that was asked for; undefined when none was, or Redis does not answer. */
  exists: boolean | undefined;
}

export interface RateLimiter {
  /**
   * Counts one request of `key`, and sets the RateLimit headers for it. In the same command it looks whether the Redis
   * key `record` exists, and resolves with that; with undefined when none was given or Redis does not answer.
   * @throws {AppError} 429 `rate_limited` with Retry-After, when the policy is used up.
   */
  admit(response: Response, policy: LimitPolicy, key: string, record?: string): Promise<boolean | undefined>;
}

// The window is opened by the count itself, so no instant exists at which a key has a count and no end.
const COUNT = `local answers = {}
for i = 1, #KEYS, 2 do
  local used, left = redis.call('INCR', KEYS[i]), tonumber(ARGV[(i + 1) / 2])
  if used == 1 then redis.call('PEXPIRE', KEYS[i], left) else left = redis.call('PTTL', KEYS[i]) end
  answers[#answers + 1] = used
  answers[#answers + 1] = left
  answers[#answers + 1] = redis.call('EXISTS', KEYS[i + 1])
end
return answers`;

interface Question {
  key: string;
  windowMs: number;
  record: string | undefined;
  resolve(count: Count): void;
  reject(error: unknown): void;
}

/**
 * Asks Redis for all requests that came in the same turn of the event loop with one command: under load most of the
 * cost of a count is that of a command, here and there. For one Redis, with replicas or without: a Redis Cluster
 * refuses scripts whose keys lie in several slots.
 */
const createBatcher = (redis: Redis) => {
  redis.defineCommand('rateLimitCount', { lua: COUNT });
  const commands = redis as unknown as {
    rateLimitCount(keys: number, ...rest: (string | number)[]): Promise<number[]>;
  };
  let waiting: Question[] = [];
  const flush = () => {
    const batch = waiting;
    waiting = [];
    const rest: (string | number)[] = [];
    for (const { key, record = 'none' } of batch) rest.push(key, record);
    for (const { windowMs } of batch) rest.push(windowMs);
    commands.rateLimitCount(batch.length * 2, ...rest).then(
      (answers) => {
        for (let index = 0; index < batch.length; index += 1) {
          const { record, resolve } = batch[index] as Question;
          const exists = record === undefined ? undefined : answers[index * 3 + 2] === 1;
          resolve({ used: answers[index * 3] ?? 0, resetMs: answers[index * 3 + 1] ?? 0, exists });
        }
      },
      (error) => {
        for (const { reject } of batch) reject(error);
      },
    );
  };
  return (key: string, windowMs: number, record: string | undefined) =>
    new Promise<Count>((resolve, reject) => {
      if (waiting.push({ key, windowMs, record, resolve, reject }) === 1) setImmediate(flush);
    });
};

const FALLBACK_KEYS = 50_000; // bounds the memory of an instance that counts alone to a few MB

type LocalCount = Omit<Count, 'exists'>;

const countLocally = () => {
  const windows = new LRUCache<string, { used: number; endsAt: number }>({ max: FALLBACK_KEYS });
  return (key: string, windowMs: number): LocalCount => {
    const now = Date.now();
    let window = windows.get(key);
    if (!window || window.endsAt <= now) window = { used: 0, endsAt: now + windowMs };
    window.used += 1;
    windows.set(key, window);
    return { used: window.used, resetMs: window.endsAt - now };
  };
};

/** An IPv6 subscriber holds a /64 or more (RFC 6177), so its addresses count as one; IPv4-mapped ones as IPv4. */
export const addressKey = (address: string | undefined): string => {
  if (!address || !ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()}/64`;
};

/** draft-ietf-httpapi-ratelimit-headers-10: q quota, w window, r remaining, t seconds to the reset. */
const setHeaders = (response: Response, policy: LimitPolicy, remaining: number, resetSeconds: number) => {
  response.appendHeader('RateLimit-Policy', `"${policy.name}";q=${policy.limit};w=${policy.windowSeconds}`);
  response.appendHeader('RateLimit', `"${policy.name}";r=${remaining};t=${resetSeconds}`);
};

/**
 * One count in Redis for all instances. While Redis is away each instance counts alone, so that a client may reach the
 * limit once per instance, and nobody is refused for the outage.
 */
export const createRateLimiter = (redis: Redis, metrics: Metrics, logger: Logger): RateLimiter => {
  const ask = createBatcher(redis);
  const local = countLocally();
  let alone = false;

  const countShared = async (key: string, windowMs: number, record: string | undefined): Promise<Count> => {
    const count = await ask(key, windowMs, record);
    if (alone) logger.info('rate limits are counted in redis again');
    alone = false;
    return count;
  };

  const countAlone = async (key: string, windowMs: number, record: string | undefined, cause: Error) => {
    if (!alone) logger.warn({ err: cause }, 'rate limits are counted by this instance alone');
    alone = true;
    metrics.rateLimitFallbacks.inc();
    // One that answers, but is full or read-only, can still look.
    const canLook = record !== undefined && cause instanceof ReplyError;
    const found = canLook ? await redis.exists(record).catch(() => undefined) : undefined;
    return { ...local(key, windowMs), exists: found === undefined ? undefined : found === 1 };
  };

  const count = (key: string, windowMs: number, record: string | undefined): Promise<Count> =>
    countShared(key, windowMs, record).catch((error: Error) => {
      if (!isRedisUnavailable(error)) throw error;
      return countAlone(key, windowMs, record, error);
    });

  return {
    admit: async (response, policy, key, record) => {
      const windowMs = policy.windowSeconds * 1_000;
      const { used, resetMs, exists } = await count(`limit:${policy.name}:${key}`, windowMs, record);
      const resetSeconds = Math.ceil(resetMs / 1_000);
      setHeaders(response, policy, Math.max(0, policy.limit - used), resetSeconds);
      if (used > policy.limit) {
        throw new AppError({
          code: 'rate_limited',
          status: 429,
          detail: `Only ${policy.limit} requests in ${policy.windowSeconds} seconds are allowed here.`,
          retryAfterSeconds: Math.max(1, resetSeconds),
          extensions: { policy: policy.name },
        });
      }
      return exists;
    },
  };
};

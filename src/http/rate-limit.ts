import type { Response } from 'express';
import type { Redis } from 'ioredis';
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
}

export interface RateLimiter {
  /**
   * Counts one request of `key`, and sets the RateLimit headers for it.
   * @throws {AppError} 429 `rate_limited` with Retry-After, when the policy is used up.
   */
  admit(response: Response, policy: LimitPolicy, key: string): Promise<void>;
}

// The window is opened by the count itself, so no instant exists at which a key has a count and no end.
const COUNT = `local used = redis.call('INCR', KEYS[1])
if used == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) return {1, tonumber(ARGV[1])} end
return {used, redis.call('PTTL', KEYS[1])}`;

const FALLBACK_KEYS = 50_000; // bounds the memory of an instance that counts alone to a few MB

const countLocally = () => {
  const windows = new LRUCache<string, { used: number; endsAt: number }>({ max: FALLBACK_KEYS });
  return (key: string, windowMs: number): Count => {
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
  redis.defineCommand('rateLimitCount', { lua: COUNT, numberOfKeys: 1 });
  const commands = redis as unknown as {
    rateLimitCount(key: string, windowMs: number): Promise<[number, number]>;
  };
  const local = countLocally();
  let alone = false;

  const countShared = async (key: string, windowMs: number): Promise<Count> => {
    try {
      const [used, resetMs] = await commands.rateLimitCount(key, windowMs);
      if (alone) logger.info('rate limits are counted in redis again');
      alone = false;
      return { used, resetMs };
    } catch (error) {
      if (!isRedisUnavailable(error)) throw error;
      if (!alone) logger.warn({ err: error }, 'rate limits are counted by this instance alone');
      alone = true;
      metrics.rateLimitFallbacks.inc();
      return local(key, windowMs);
    }
  };

  return {
    admit: async (response, policy, key) => {
      const { used, resetMs } = await countShared(
        `limit:${policy.name}:${key}`,
        policy.windowSeconds * 1_000,
      );
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
    },
  };
};

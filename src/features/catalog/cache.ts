import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { isRedisUnavailable } from '../../infrastructure/redis.ts';

/** A cached JSON reply and the entity tag of its bytes. */
export interface Cached {
  json: string;
  etag: string;
}

export interface CatalogCache {
  /** The cached reply of `key`, or what `read` gives; without Redis always that. */
  get(key: string, read: () => Promise<unknown>): Promise<Cached>;
  /** Forgets everything; call it after the commit of a write. */
  invalidate(): Promise<void>;
}

/** The longest that a reader can see an old state if the writer dies between its commit and the invalidation. */
const SECONDS = 30;

// A reader that read the database before a write must not fill the cache after it: it may only if no write came between.
const FILL = `if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[4]) end
return 1`;

// The braces keep both in one slot of a Redis Cluster.
const ENTRIES = 'cache:{catalog}';
const GENERATION = 'cache:{catalog}:generation';

const toCached = (json: string): Cached => ({
  json,
  etag: `"${createHash('sha1').update(json).digest('base64url')}"`,
});

/** One cache in Redis for all instances, so that one write makes all of them forget. */
export const createCatalogCache = (redis: Redis): CatalogCache => {
  redis.defineCommand('catalogFill', { lua: FILL, numberOfKeys: 2 });
  const commands = redis as unknown as { catalogFill(...args: (string | number)[]): Promise<number> };
  const ignoreOutage = (error: unknown) => {
    if (!isRedisUnavailable(error)) throw error;
    return undefined;
  };
  return {
    get: async (key, read) => {
      const found = await Promise.all([redis.hget(ENTRIES, key), redis.get(GENERATION)]).catch(ignoreOutage);
      if (found?.[0]) return toCached(found[0]);
      const json = JSON.stringify(await read());
      if (found) {
        const generation = found[1] ?? '0';
        await commands.catalogFill(ENTRIES, GENERATION, generation, key, json, SECONDS).catch(ignoreOutage);
      }
      return toCached(json);
    },
    invalidate: async () => {
      // Where Redis is away there is nothing to forget but what it may bring back, and that expires.
      await redis.multi().incr(GENERATION).del(ENTRIES).exec().catch(ignoreOutage);
    },
  };
};

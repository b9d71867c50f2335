import { createHash, randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
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

/**
 * Together 30 s: the longest that a reader can see an old state if the writer dies between its commit and the
 * invalidation.
 */
const SECONDS_IN_REDIS = 25;
const SECONDS_IN_MEMORY = 5;
const REPLIES_IN_MEMORY = 1_000;

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

/**
 * One cache in Redis for all instances, so that one write makes all of them forget. An instance also keeps replies of
 * its own, each with the generation it belongs to; asking for the generation costs less than fetching a list.
 */
export const createCatalogCache = (redis: Redis): CatalogCache => {
  redis.defineCommand('catalogFill', { lua: FILL, numberOfKeys: 2 });
  const commands = redis as unknown as { catalogFill(...args: (string | number)[]): Promise<number> };
  const ignoreOutage = (error: unknown) => {
    if (!isRedisUnavailable(error)) throw error;
    return undefined;
  };
  const kept = new LRUCache<string, { generation: string; reply: Cached }>({
    max: REPLIES_IN_MEMORY,
    ttl: SECONDS_IN_MEMORY * 1_000,
  });

  const fetchOrFill = async (key: string, generation: string, read: () => Promise<unknown>) => {
    const found = await redis.hget(ENTRIES, key).catch(ignoreOutage);
    if (found) return toCached(found);
    const json = JSON.stringify(await read());
    const fill = commands.catalogFill(ENTRIES, GENERATION, generation, key, json, SECONDS_IN_REDIS);
    await fill.catch(ignoreOutage);
    return toCached(json);
  };

  return {
    get: async (key, read) => {
      const generation = await redis.get(GENERATION).then((value) => value ?? '0', ignoreOutage);
      if (generation === undefined) return toCached(JSON.stringify(await read()));
      const known = kept.get(key);
      if (known?.generation === generation) return known.reply;
      // What is fetched now can only be newer than the generation, and is then forgotten at the next look.
      const reply = await fetchOrFill(key, generation, read);
      kept.set(key, { generation, reply });
      return reply;
    },
    invalidate: async () => {
      // Where Redis is away there is nothing to forget but what it may bring back, and that expires.
      // No counter: one that starts again after a loss of Redis's data would meet its old values.
      await redis.multi().set(GENERATION, randomUUID()).del(ENTRIES).exec().catch(ignoreOutage);
    },
  };
};

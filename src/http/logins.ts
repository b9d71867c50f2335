import type { Redis } from 'ioredis';
import type { Role } from './route.ts';

/**
 * A login is one record in Redis, shared by every instance: while it exists, the access tokens, the refresh token and
 * the browser session made from it are valid; deleting it ends them everywhere at once. Losing Redis's data logs
 * people out, and never lets a revoked login back in.
 */
export interface Logins {
  create(login: { userId: string; loginId: string; role: Role }, seconds: number): Promise<void>;
  /** The Redis key that exists while the login does; {@link RateLimiter.admit} looks for it. */
  recordOf(login: { userId: string; loginId: string }): string;
  /** Moves the login's refresh token on by one generation, atomically; see {@link Rotation}. */
  rotate(login: { userId: string; loginId: string }, generation: number): Promise<Rotation>;
  /** Keeps a browser's login alive for another idle period. */
  extend(login: { userId: string; loginId: string }, seconds: number): Promise<void>;
  end(login: { userId: string; loginId: string }): Promise<void>;
  endAll(userId: string): Promise<void>;
}

/**
 * `rotated`: this generation was the current one. `repeated`: it was replaced moments ago, so a retry or a concurrent
 * call gets the same answer again. `reused`: it was replaced longer ago, so somebody holds a stolen token, and the
 * login has been ended (RFC 9700 section 4.14.2). `unknown`: there is no such login.
 */
export type Rotation =
  | { outcome: 'rotated' | 'repeated'; generation: number; rotatedAtMs: number; role: Role }
  | { outcome: 'reused' }
  | { outcome: 'unknown' };

// Redis's own clock decides, since the instances' clocks differ.
const NOW = `local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

const CREATE = `${NOW}
redis.call('HSET', KEYS[1], 'role', ARGV[2], 'generation', 0, 'rotatedAt', now)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end`;

const EXTEND = `${NOW}
if redis.call('PEXPIRE', KEYS[1], ARGV[2]) == 0 then return 0 end
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
return 1`;

const ROTATE = `${NOW}
local login = redis.call('HMGET', KEYS[1], 'generation', 'rotatedAt', 'role')
if not login[1] then return {'unknown'} end
local current, presented = tonumber(login[1]), tonumber(ARGV[2])
if presented == current then
  redis.call('HSET', KEYS[1], 'generation', current + 1, 'rotatedAt', now)
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  redis.call('ZADD', KEYS[2], now + ARGV[4], ARGV[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
  return {'rotated', current + 1, now, login[3]}
end
if presented == current - 1 and now - login[2] < tonumber(ARGV[3]) then
  return {'repeated', current, tonumber(login[2]), login[3]}
end
if presented > current then return {'unknown'} end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return {'reused'}`;

// One script, so that no login slips in between the reading of the list and its deletion.
const END_ALL = `for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do redis.call('DEL', KEYS[1] .. id) end
redis.call('DEL', KEYS[2])`;

// The braces keep a user's keys in one slot of a Redis Cluster, where a script may touch only one.
const loginKey = (userId: string, loginId: string) => `login:{${userId}}:${loginId}`;
const allKey = (userId: string) => `logins:{${userId}}`;

export const createLogins = (
  redis: Redis,
  options: { refreshSeconds: number; graceSeconds: number },
): Logins => {
  const script = (name: string, lua: string) => {
    redis.defineCommand(name, { lua, numberOfKeys: 2 });
    const commands = redis as unknown as Record<string, (...args: (string | number)[]) => Promise<unknown>>;
    return (userId: string, loginId: string, ...rest: (string | number)[]) =>
      commands[name]?.(loginKey(userId, loginId), allKey(userId), loginId, ...rest);
  };
  const create = script('loginCreate', CREATE);
  const extend = script('loginExtend', EXTEND);
  const rotate = script('loginRotate', ROTATE);
  const endAll = script('loginEndAll', END_ALL);
  return {
    create: async ({ userId, loginId, role }, seconds) =>
      void (await create(userId, loginId, role, seconds * 1_000)),
    extend: async ({ userId, loginId }, seconds) => void (await extend(userId, loginId, seconds * 1_000)),
    recordOf: ({ userId, loginId }) => loginKey(userId, loginId),
    rotate: async ({ userId, loginId }, generation) => {
      const grace = options.graceSeconds * 1_000;
      const reply = await rotate(userId, loginId, generation, grace, options.refreshSeconds * 1_000);
      const [outcome, next, rotatedAtMs, role] = reply as [Rotation['outcome'], number, number, Role];
      return outcome === 'rotated' || outcome === 'repeated'
        ? { outcome, generation: next, rotatedAtMs, role }
        : { outcome };
    },
    end: async ({ userId, loginId }) => {
      await redis.multi().del(loginKey(userId, loginId)).zrem(allKey(userId), loginId).exec();
    },
    endAll: async (userId) => void (await endAll(userId, '')),
  };
};

import { Redis } from 'ioredis';

/** What every reference is given, and the reply that all of them send. */
export const { JWT_SECRET, SESSION_SECRET, DATABASE_URL, REDIS_URL } = process.env;
export const PORT = Number(process.env.PORT);
export const WINDOW_MS = 60_000;
export const LIMIT = 1_000_000_000;
export const openRedis = (options = {}) => new Redis(REDIS_URL, options);
export const toReply = ({ sub, role }) => ({ userId: sub, role, via: 'token' });

import helmet from '@fastify/helmet';
import jwt from '@fastify/jwt';
import rateLimit from '@fastify/rate-limit';
import fastify from 'fastify';
import { JWT_SECRET, LIMIT, openRedis, PORT, toReply, WINDOW_MS } from './environment.mjs';

/** Fastify with its own plugins for the same duties, and the options that their documentation recommends. */
const redis = openRedis({ connectTimeout: 500, maxRetriesPerRequest: 1 });
const app = fastify({ logger: true });
await app.register(helmet);
await app.register(jwt, { secret: JWT_SECRET, verify: { algorithms: ['HS256'], cache: true } });
await app.register(rateLimit, { max: LIMIT, timeWindow: WINDOW_MS, redis });
const me = {
  type: 'object',
  properties: { userId: { type: 'string' }, role: { type: 'string' }, via: { type: 'string' } },
};
const authenticate = async (request) => {
  await request.jwtVerify();
  if (!(await redis.exists(`documented:login:${request.user.login}`)))
    throw Object.assign(new Error('the login has been ended'), { statusCode: 401 });
};
app.get('/me', { onRequest: authenticate, schema: { response: { 200: me } } }, async (request) =>
  toReply(request.user),
);
await app.listen({ port: PORT, host: '127.0.0.1' });

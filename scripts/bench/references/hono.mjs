import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { jwt } from 'hono/jwt';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { pino } from 'pino';
import { JWT_SECRET, LIMIT, openRedis, PORT, toReply, WINDOW_MS } from './environment.mjs';

/** Hono with its own middleware; it has none for a shared limit, so that is the plainest one on the same Redis. */
const redis = openRedis({ enableAutoPipelining: true });
const log = pino();
const app = new Hono();
app.use(secureHeaders(), requestId());
app.use(async (context, next) => {
  const startedAt = performance.now();
  await next();
  const { method, path } = context.req;
  log.info({ method, path, status: context.res.status, ms: performance.now() - startedAt });
});
app.use('/me', jwt({ secret: JWT_SECRET, alg: 'HS256' }), async (context, next) => {
  const { sub, login } = context.get('jwtPayload');
  const [[, used], , [, alive]] = await redis
    .multi()
    .incr(`hono:limit:${sub}`)
    .pexpire(`hono:limit:${sub}`, WINDOW_MS, 'NX')
    .exists(`documented:login:${login}`)
    .exec();
  if (used > LIMIT || !alive) return context.json({ error: 'refused' }, 401);
  await next();
});
app.get('/me', (context) => context.json(toReply(context.get('jwtPayload'))));
serve({ fetch: app.fetch, port: PORT, hostname: '127.0.0.1' });

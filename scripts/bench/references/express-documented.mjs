import { RedisStore as SessionStore } from 'connect-redis';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import session from 'express-session';
import helmet from 'helmet';
import jwt from 'jsonwebtoken';
import { pinoHttp } from 'pino-http';
import { RedisStore as LimitStore } from 'rate-limit-redis';
import { createBuy } from './buy-step-by-step.mjs';
import { JWT_SECRET, LIMIT, openRedis, PORT, SESSION_SECRET, toReply, WINDOW_MS } from './environment.mjs';

/** The same duties from the packages as their READMEs put them together: each as a middleware of the whole app. */
const redis = openRedis();
const app = express();
app.use(helmet());
app.use(pinoHttp());
app.use(
  session({
    store: new SessionStore({ client: redis, prefix: 'documented:session:' }),
    secret: SESSION_SECRET,
    resave: false,
    saveUninitialized: false,
  }),
);
app.use(
  rateLimit({
    windowMs: WINDOW_MS,
    limit: LIMIT,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    store: new LimitStore({ sendCommand: (command, ...args) => redis.call(command, ...args) }),
  }),
);
app.use(express.json());

const authenticate = async (request, response, next) => {
  try {
    const token = request.headers.authorization?.split(' ')[1];
    const claims = jwt.verify(token, JWT_SECRET, { algorithms: ['HS256'] });
    if (!(await redis.exists(`documented:login:${claims.login}`))) throw new Error('revoked');
    request.user = claims;
    next();
  } catch {
    response.status(401).json({ error: 'unauthenticated' });
  }
};
app.get('/me', authenticate, (request, response) => {
  response.json(toReply(request.user));
});
app.post('/session', (request, response) => {
  request.session.user = request.body;
  response.json({});
});
app.get('/session/me', (request, response) => {
  if (!request.session.user) return response.status(401).json({ error: 'unauthenticated' });
  response.json(toReply(request.session.user));
});
app.get('/movies', async (_request, response) => {
  response.json(JSON.parse(await redis.get('documented:movies')));
});
app.post('/purchases', authenticate, createBuy());
app.listen(PORT, '127.0.0.1');

import express from 'express';
import { PORT, toReply } from './environment.mjs';

/** Express with its default settings and no duties. */
const app = express();
const me = toReply({ sub: '019aa000-0000-7000-8000-000000000000', role: 'customer' });
app.get('/me', (_request, response) => {
  response.json(me);
});
app.listen(PORT, '127.0.0.1');

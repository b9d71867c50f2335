import { createServer } from 'node:http';
import { PORT, toReply } from './environment.mjs';

/** The floor: no duties at all. */
const me = toReply({ sub: '019aa000-0000-7000-8000-000000000000', role: 'customer' });
createServer((_request, response) => {
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(me));
}).listen(PORT, '127.0.0.1');

import assert from 'node:assert/strict';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { makeStaff, type Person } from '../support/people.ts';
import { type SpawnedApi, spawnApi } from '../support/processes.ts';
import { send } from '../support/send.ts';
import { waitFor } from '../support/wait.ts';

const CONNECTIONS = 8;
let cinema: Cinema;
let admin: Person;

before(async () => {
  cinema = await openCinema();
  admin = await makeStaff(cinema, 'admin');
});
after(() => cinema.close());

/** As a balancer's connection: asks again and again until a reply says that the connection ends. */
const keepAsking = async (api: SpawnedApi, onReply: () => void) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method: 'GET' | 'POST') =>
    new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
      const path = method === 'GET' ? '/v1/accounts/me' : '/v1/accounts/newsletters';
      const headers = { ...admin.auth, 'Content-Type': 'application/json' };
      const asked = request(`${api.url}${path}`, { agent, method, headers }, (reply: IncomingMessage) => {
        const { statusCode: status, headers } = reply;
        text(reply).then(() => resolve({ status, connection: headers.connection }), reject);
      });
      asked.on('error', reject);
      asked.end(method === 'POST' ? JSON.stringify({ subject: 'News', text: 'None.' }) : undefined);
    });
  const statuses: (number | undefined)[] = [];
  for (let turn = 0; ; turn += 1) {
    const { status, connection } = await ask(turn % 2 ? 'POST' : 'GET');
    statuses.push(status);
    onReply();
    if (connection === 'close') {
      agent.destroy();
      return statuses;
    }
  }
};

test('a process that is told to stop under load fails no request of its open connections, and takes no new ones', async (t) => {
  const api = await spawnApi({ ...cinema.env, DRAIN_SECONDS: '3' });
  t.after(api.kill);
  let replies = 0;
  const connections = Array.from({ length: CONNECTIONS }, () =>
    keepAsking(api, () => {
      replies += 1;
    }),
  );
  await waitFor('the load to run', () => replies > 100);
  api.signal('SIGTERM');
  // Rejects when one request fails; ends because each connection is told to close.
  const statuses = (await Promise.all(connections)).flat();
  assert.ok(statuses.every((status) => status === 200 || status === 201));
  await assert.rejects(send(`${api.url}/livez`));
  assert.equal(await api.exited, 0);
  const { rows } = await cinema.database.query(
    'select count(*)::int as newsletters from accounts.newsletters',
  );
  assert.equal(rows[0].newsletters, statuses.filter((status) => status === 201).length);
});

test('an idle connection is left to the balancer while the process drains, and says in its reply that it ends', async (t) => {
  const api = await spawnApi({ ...cinema.env, DRAIN_SECONDS: '3' });
  t.after(api.kill);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ask = () =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request(`${api.url}/readyz`, { agent }, (reply) => {
        reply.resume().on('end', () => resolve(reply));
      });
      asked.on('error', reject).end();
    });
  assert.equal((await ask()).headers.connection, 'keep-alive');
  api.signal('SIGTERM');
  await waitFor('draining to begin', () => api.logs.lines().some(({ msg }) => msg === 'stopping'));
  const reply = await ask();
  assert.deepEqual([reply.statusCode, reply.headers.connection], [503, 'close']);
  assert.equal(await api.exited, 0);
});

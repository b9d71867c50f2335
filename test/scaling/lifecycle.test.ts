import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import type { Env } from '../support/env.ts';
import { holdLock } from '../support/locks.ts';
import { makeStaff, type Person } from '../support/people.ts';
import { type SpawnedApi, spawnApi, spawnEntryPoint } from '../support/processes.ts';
import { send } from '../support/send.ts';
import { waitFor } from '../support/wait.ts';

let cinema: Cinema;
let admin: Person;

before(async () => {
  cinema = await openCinema();
  admin = await makeStaff(cinema, 'admin');
});
after(() => cinema.close());

const start = async (t: TestContext, env: Env = {}) => {
  const api = await spawnApi({ ...cinema.env, ...env });
  t.after(api.kill);
  return api;
};
const said = (api: SpawnedApi, message: string) =>
  waitFor(`the line "${message}"`, () => api.logs.lines().find(({ msg }) => msg === message));

/** Lets a request hang in this process until the lock is released. */
const hangingRequest = async (api: SpawnedApi) => {
  const lock = await holdLock(cinema.database, 'lock table accounts.newsletters in exclusive mode');
  const json = { subject: 'News', text: 'None.' };
  const answer = send(`${api.url}/v1/accounts/newsletters`, { method: 'POST', headers: admin.auth, json });
  answer.catch(() => {});
  await lock.waiters(1);
  return { answer, lock };
};

test('a request in flight is answered before the process ends, and the process then ends cleanly', async (t) => {
  const api = await start(t);
  const { answer, lock } = await hangingRequest(api);
  api.signal('SIGTERM');
  await said(api, 'stopping');
  await waitFor('new connections to be refused', () =>
    send(`${api.url}/livez`).then(
      () => false,
      () => true,
    ),
  );
  await lock.release();
  assert.equal((await answer).status, 201);
  assert.equal(await api.exited, 0);
});

test('a connection on which nothing is asked does not hold up the end', async (t) => {
  const api = await start(t);
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  api.signal('SIGTERM');
  assert.equal(await api.exited, 0);
});

test('a second SIGTERM ends the process at once, and not as a success', async (t) => {
  const api = await start(t);
  const { answer, lock } = await hangingRequest(api);
  api.signal('SIGTERM');
  await said(api, 'stopping');
  api.signal('SIGTERM');
  assert.equal(await api.exited, 1);
  await assert.rejects(answer);
  await lock.release();
});

test('a request that never ends does not hold the process beyond SHUTDOWN_SECONDS', async (t) => {
  const api = await start(t, { SHUTDOWN_SECONDS: '1' });
  const { lock } = await hangingRequest(api);
  api.signal('SIGTERM');
  assert.equal(await api.exited, 1);
  assert.ok(api.logs.lines().some(({ level, msg }) => level === 'fatal' && /stopping hard/.test(msg)));
  await lock.release();
});

for (const [kind, code] of [
  ['uncaught exception', `process.on('SIGUSR2', () => { throw new Error('injected fault'); })`],
  ['unhandled rejection', `process.on('SIGUSR2', () => { Promise.reject(new Error('injected fault')); })`],
] as const) {
  test(`an ${kind} ends the process, with the reason in its log`, async (t) => {
    const inject = `--import data:text/javascript,${encodeURIComponent(code)}`;
    const api = await start(t, { NODE_OPTIONS: inject });
    api.signal('SIGUSR2');
    assert.equal(await api.exited, 1);
    const line = api.logs.lines().find(({ level }) => level === 'fatal');
    assert.equal(line?.msg, kind);
    assert.match(JSON.stringify(line?.err), /injected fault/);
  });
}

test('a port that is taken is said, and the process ends', async (t) => {
  const { port } = new URL(cinema.at(0).url);
  const api = spawnEntryPoint('api-server', { ...cinema.env, PORT: port });
  t.after(api.kill);
  assert.equal(await api.exited, 1);
  assert.match(api.logs.text(), new RegExp(`EADDRINUSE.*${port}`));
});

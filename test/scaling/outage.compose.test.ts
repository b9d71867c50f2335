import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { logInAdmin, newCustomer, register } from './containers/cinema.ts';
import { createClient } from './containers/client.ts';
import { apiContainers, compose, runningSince, scaleTo, statusInside, until } from './containers/stack.ts';

const client = createClient();
let token: string;
let cookie: string;

const me = () => client.call('/v1/accounts/me', { token });
const session = () => client.call('/v1/accounts/session', { headers: { Cookie: cookie } });
const statusOf = async (call: ReturnType<typeof me>) => (await call).status;

before(async () => {
  await scaleTo(2);
  token = await newCustomer(client);
  const { email, password } = await register(client);
  const answer = await client.call('/v1/accounts/session', { method: 'POST', body: { email, password } });
  cookie = String(answer.headers['set-cookie']?.[0]).split(';')[0] ?? '';
  assert.equal((await session()).status, 200);
});
after(async () => {
  await compose('start', 'redis', 'postgres'); // for the files that run after a failure here
  client.close();
});

test('without Redis tokens are served and sessions told to come back; both recover by themselves', async () => {
  const started = await runningSince('nginx', 'api');
  await compose('stop', 'redis');
  for (let turn = 0; turn < 20; turn += 1) {
    // Both kinds in turn: that sessions are refused must not make nginx take the replicas out.
    const [bearer, browser] = [await me(), await session()];
    assert.equal(bearer.status, 200, bearer.text);
    assert.deepEqual([browser.status, browser.json.code], [503, 'dependency_unavailable']);
    assert.ok(Number(browser.headers['retry-after']) > 0);
  }
  for (const id of await apiContainers()) {
    assert.equal(await statusInside(id, '/livez'), 200);
    assert.equal(await statusInside(id, '/readyz'), 503);
  }
  await compose('start', 'redis');
  for (const id of await apiContainers())
    await until('the replica is ready again', 20, async () => (await statusInside(id, '/readyz')) === 200);
  assert.deepEqual([await statusOf(me()), await statusOf(session())], [200, 200]);
  assert.deepEqual(await runningSince('nginx', 'api'), started, 'no replica was restarted');
});

test('without PostgreSQL what needs it says 503, the processes live, and it recovers by itself', async () => {
  const started = await runningSince('nginx', 'api');
  await compose('stop', 'postgres');
  for (let turn = 0; turn < 10; turn += 1) {
    const { status, json, headers } = await me();
    assert.deepEqual([status, json.code, json.dependency], [503, 'dependency_unavailable', 'postgres']);
    assert.ok(Number(headers['retry-after']) > 0);
  }
  for (const id of await apiContainers()) {
    assert.equal(await statusInside(id, '/livez'), 200);
    assert.equal(await statusInside(id, '/readyz'), 503);
  }
  await compose('start', 'postgres');
  for (const id of await apiContainers())
    await until('the replica is ready again', 20, async () => (await statusInside(id, '/readyz')) === 200);
  assert.equal(await statusOf(me()), 200);
  assert.ok(await logInAdmin(client));
  assert.deepEqual(await runningSince('nginx', 'api'), started, 'no replica was restarted');
});

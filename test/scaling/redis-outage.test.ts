import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { startOwnRedis } from '../support/own-servers.ts';
import {
  type BrowserSession,
  openSession,
  PASSWORD,
  type Person,
  registerAndLogIn,
} from '../support/people.ts';
import { type Answer, send } from '../support/send.ts';
import { addProduct, addScreening } from '../support/supplies.ts';
import { waitFor } from '../support/wait.ts';

let redis: Awaited<ReturnType<typeof startOwnRedis>>;
let cinema: Cinema;
let ada: Person;
let session: BrowserSession;

before(async () => {
  redis = await startOwnRedis();
  cinema = await openCinema({ instances: 2, redisUrl: redis.url, env: { RATE_LIMIT_USER: '100000' } });
  ada = await registerAndLogIn(cinema.at(0));
  session = await openSession(cinema.at(0), ada.email);
});
after(async () => {
  redis.kill('SIGCONT');
  await cinema.close();
  await redis.end();
});

const get = (path: string, headers: Record<string, string> = {}, instance = 0) =>
  send(`${cinema.at(instance).url}${path}`, { headers });
const post = (path: string, json: unknown, headers: Record<string, string> = {}, instance = 0) =>
  send(`${cinema.at(instance).url}/v1${path}`, { method: 'POST', headers, json });
const me = (headers: Record<string, string>) => get('/v1/accounts/me', headers);
const fallbacks = async () => {
  const { text } = await get('/metrics');
  return Number(/^rate_limit_fallbacks_total (\d+)/m.exec(text)?.[1]);
};
const assertRedisMissing = (answer: Answer, what: string) => {
  assert.deepEqual(
    [answer.status, answer.body.code, answer.body.dependency],
    [503, 'dependency_unavailable', 'redis'],
    what,
  );
  assert.equal(answer.headers.get('retry-after'), '2', what);
};

/** What has to hold in any outage, whatever its kind. */
const assertServesWithoutRedis = async () => {
  const before = await fallbacks();
  assert.equal((await me(ada.auth)).status, 200);
  assert.equal((await get('/v1/catalog/movies')).status, 200);
  assert.equal((await get('/livez')).status, 200);

  const productId = await addProduct(cinema.database, 5);
  const order = { items: [{ productId, quantity: 1 }] };
  const headers = { ...ada.auth, 'Idempotency-Key': randomUUID() };
  const [first, again] = [
    await post('/grocery/orders', order, headers),
    await post('/grocery/orders', order, headers, 1),
  ];
  assert.deepEqual([first.status, again.status, again.text], [201, 201, first.text]);
  const screeningId = await addScreening(cinema.database);
  assert.equal((await post('/tickets/purchases', { screeningId, seats: ['A1'] }, ada.auth)).status, 201);

  assertRedisMissing(await me({ Cookie: session.cookie }), 'session');
  assertRedisMissing(await post('/accounts/login', { email: ada.email, password: PASSWORD }), 'login');
  assertRedisMissing(
    await post('/accounts/session', { email: ada.email, password: PASSWORD }),
    'browser login',
  );
  assertRedisMissing(await post('/accounts/refresh', { refreshToken: ada.refreshToken }), 'refresh');
  assertRedisMissing(await post('/accounts/logout', undefined, ada.auth), 'logout');

  const ready = await get('/readyz');
  assert.deepEqual([ready.status, ready.body.missing], [503, ['redis']]);
  assert.ok((await fallbacks()) > before);
};

const assertRecovers = async () => {
  await waitFor(
    'the session to work again',
    async () => (await me({ Cookie: session.cookie })).status === 200,
  );
  // Each instance finds its own way back.
  for (const instance of [0, 1])
    await waitFor('readiness', async () => (await get('/readyz', {}, instance)).status === 200);
  const refreshed = await post('/accounts/refresh', { refreshToken: ada.refreshToken }, {}, 1);
  assert.equal(refreshed.status, 200);
  Object.assign(ada, refreshed.body, { auth: { Authorization: `Bearer ${refreshed.body.accessToken}` } });
  const before = await fallbacks();
  const left = async (instance: number) => {
    const { headers } = await get('/v1/accounts/me', ada.auth, instance);
    return Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
  };
  const first = await left(0);
  assert.equal(await waitFor('the other instance', () => left(1)), first - 1, 'counted together again');
  assert.equal(await fallbacks(), before);
};

test('while Redis is stopped, what does not need it goes on; the rest says so; and all recovers by itself', async () => {
  await redis.stop();
  await assertServesWithoutRedis();
  const lines = cinema
    .at(0)
    .logs.lines()
    .map(({ msg }) => msg);
  for (const line of ['redis is down', 'rate limits are counted by this instance alone'])
    assert.equal(lines.filter((msg) => msg === line).length, 1, `said once: ${line}`);
  await redis.start();
  await assertRecovers();
  assert.ok(
    cinema
      .at(0)
      .logs.lines()
      .some(({ msg }) => msg === 'rate limits are counted in redis again'),
  );
});

test('while Redis hangs, what does not need it goes on; the rest says so; and all recovers by itself', async () => {
  redis.kill('SIGSTOP');
  await assertServesWithoutRedis();
  redis.kill('SIGCONT');
  await assertRecovers();
});

test('while Redis is full, what does not write to it goes on; and all recovers by itself', async () => {
  const left = await registerAndLogIn(cinema.at(0));
  assert.equal((await post('/accounts/logout', undefined, left.auth)).status, 204);
  await cinema.redis.config('SET', 'maxmemory', '1');
  assert.equal((await me(ada.auth)).status, 200);
  assert.equal((await me(left.auth)).body.code, 'login_ended', 'it cannot count, and can still look');
  assert.equal((await get('/v1/catalog/movies')).status, 200);
  assertRedisMissing(await post('/accounts/login', { email: ada.email, password: PASSWORD }), 'login');
  await cinema.redis.config('SET', 'maxmemory', '0');
  await assertRecovers();
});

test('a Redis that forgets the scripts is given them again', async () => {
  await cinema.redis.script('FLUSH');
  await assertRecovers();
});

test('a Redis that comes back empty logs people out, and lets them log in again', async () => {
  await cinema.redis.flushall();
  assert.equal((await me(ada.auth)).body.code, 'login_ended');
  assert.equal((await me({ Cookie: session.cookie })).status, 401);
  const again = await post('/accounts/login', { email: ada.email, password: PASSWORD });
  assert.equal((await me({ Authorization: `Bearer ${again.body.accessToken}` })).status, 200);
});

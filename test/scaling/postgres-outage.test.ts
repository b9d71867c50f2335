import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { startOwnPostgres, startOwnRedis } from '../support/own-servers.ts';
import { PASSWORD, type Person, registerAndLogIn } from '../support/people.ts';
import { spawnApi } from '../support/processes.ts';
import { type Answer, crowd, send } from '../support/send.ts';
import { startStallingProxy } from '../support/stalling-proxy.ts';
import { addProduct, addScreening, lockProduct } from '../support/supplies.ts';
import { waitFor } from '../support/wait.ts';

let postgres: Awaited<ReturnType<typeof startOwnPostgres>>;
let cinema: Cinema;
let ada: Person;
let productId: string;
let screeningId: string;

before(async () => {
  postgres = await startOwnPostgres();
  cinema = await openCinema({ database: postgres.database });
  ada = await registerAndLogIn(cinema.at(0));
  productId = await addProduct(cinema.database, 1_000);
  screeningId = await addScreening(cinema.database);
});
after(async () => {
  await cinema.close();
  await postgres.end();
});

const get = (path: string) => send(`${cinema.at(0).url}${path}`, { headers: ada.auth });
const post = (path: string, json: unknown, url = cinema.at(0).url) =>
  send(`${url}/v1${path}`, { method: 'POST', headers: ada.auth, json });
const order = (url?: string) => post('/grocery/orders', { items: [{ productId, quantity: 1 }] }, url);
const assertPostgresMissing = (answer: Answer) => {
  assert.deepEqual(
    [answer.status, answer.body.code, answer.body.dependency],
    [503, 'dependency_unavailable', 'postgres'],
  );
  assert.equal(answer.headers.get('retry-after'), '2');
};

test('while PostgreSQL is stopped, what needs it says so, the rest goes on, and all recovers by itself', async () => {
  const movies = await get('/v1/catalog/movies');
  await postgres.stop();

  assert.equal((await get('/livez')).status, 200);
  assert.equal((await get('/v1/catalog/movies')).text, movies.text);
  assertPostgresMissing(await get('/v1/accounts/me'));
  assertPostgresMissing(await get('/v1/grocery/products'));
  assertPostgresMissing(await order());
  assertPostgresMissing(await post('/tickets/purchases', { screeningId, seats: ['A1'] }));
  assertPostgresMissing(await post('/accounts/login', { email: ada.email, password: PASSWORD }));
  const ready = await get('/readyz');
  assert.deepEqual([ready.status, ready.body.missing], [503, ['postgres']]);

  await postgres.start();
  await waitFor('orders to work again', async () => (await order()).status === 201);
  assert.equal((await get('/readyz')).status, 200);
});

for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
  test(`requests in flight when PostgreSQL is stopped by ${signal} are told the truth`, async () => {
    const stock = async () => (await get('/v1/grocery/products')).body.items[0].stock;
    const before = await stock();
    const lock = await lockProduct(cinema.database, productId);
    const orders = crowd(3, () => order());
    await lock.waiters(3);
    await postgres.stop(signal);
    const answers = await orders;
    // The holder of the lock may be ended first. Who then gets it, and commits before its own end comes, has bought.
    const sold = answers.filter(({ status }) => status === 201).length;
    for (const answer of answers.filter(({ status }) => status !== 201)) assertPostgresMissing(answer);
    await postgres.start();
    await waitFor('PostgreSQL to be back', async () => (await get('/readyz')).status === 200);
    assert.equal(await stock(), before - sold);
    await lock.release().catch(() => {});
  });
}

test('while the network to PostgreSQL swallows everything, requests are told so in time, and all recovers', async (t) => {
  const proxy = await startStallingProxy(postgres);
  t.after(proxy.close);
  const url = new URL(postgres.url);
  url.port = String(proxy.port);
  const instance = await cinema.addInstance({ DATABASE_URL: url.href });
  assert.equal((await order(instance.url)).status, 201);

  proxy.stall();
  const answers = await crowd(10, () => order(instance.url));
  for (const answer of answers) assertPostgresMissing(answer);
  assert.equal((await send(`${instance.url}/livez`)).status, 200);
  proxy.resume();
  await waitFor('orders to work again', async () => (await order(instance.url)).status === 201);
});

test('a process that starts before Redis and PostgreSQL says what is missing, and serves when they come', async (t) => {
  const redis = await startOwnRedis();
  t.after(redis.end);
  await Promise.all([redis.stop(), postgres.stop()]);
  const api = await spawnApi({ ...cinema.env, REDIS_URL: redis.url });
  t.after(api.kill);
  assert.equal((await send(`${api.url}/livez`)).status, 200);
  const ready = await send(`${api.url}/readyz`);
  assert.deepEqual([ready.status, ready.body.missing.sort()], [503, ['postgres', 'redis']]);

  await Promise.all([redis.start(), postgres.start()]);
  await waitFor('readiness', async () => (await send(`${api.url}/readyz`)).status === 200);
  const credentials = { email: ada.email, password: PASSWORD };
  const login = await send(`${api.url}/v1/accounts/login`, { method: 'POST', json: credentials });
  assert.equal(login.status, 200);
});

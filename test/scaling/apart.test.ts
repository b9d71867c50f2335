import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Cinema, type Instance, openCinema } from '../support/cinema.ts';
import { makeStaff, type Person, registerAndLogIn } from '../support/people.ts';
import { freePort, spawnEntryPoint } from '../support/processes.ts';
import { crowd, send, tally } from '../support/send.ts';
import { addScreening } from '../support/supplies.ts';
import { waitFor } from '../support/wait.ts';

let cinema: Cinema;
let catalog: Instance;
let store: Instance;
let ada: Person;
let addresses: string;
const catalogEnv = { FEATURES: 'accounts,catalog', PORT: '', NEIGHBOURS: '' };

before(async () => {
  cinema = await openCinema({ instances: 0, env: { RATE_LIMIT_USER: '100000' } });
  catalogEnv.PORT = String(await freePort());
  const storeEnv = { FEATURES: 'tickets,grocery', PORT: String(await freePort()) };
  const [address, other] = [catalogEnv, storeEnv].map(({ PORT }) => `http://127.0.0.1:${PORT}`);
  catalogEnv.NEIGHBOURS = `tickets=${other},grocery=${other}`;
  catalog = await cinema.addInstance(catalogEnv);
  addresses = `accounts=${address},catalog=${address}`;
  store = await cinema.addInstance({ ...storeEnv, NEIGHBOURS: addresses });
  ada = await registerAndLogIn(catalog);
});
after(() => cinema.close());

const buy = (screeningId: string, seat: string) =>
  send(`${store.url}/v1/tickets/purchases`, {
    method: 'POST',
    headers: { ...ada.auth, 'Idempotency-Key': randomUUID() },
    json: { screeningId, seats: [seat] },
  });
const metric = async (line: RegExp) => line.exec((await send(`${store.url}/metrics`)).text)?.[1];

test('a feature works the same when its neighbour is another process', async () => {
  const screeningId = await addScreening(cinema.database, { priceCents: 700 });
  const { status, body } = await buy(screeningId, 'A1');
  assert.deepEqual([status, body.totalCents], [201, 700]);
  const unknown = await buy(randomUUID(), 'A1');
  assert.deepEqual([unknown.status, unknown.body.code], [404, 'not_found']);
});

test('a process serves its own features only, and all describe the same API', async () => {
  assert.equal((await send(`${store.url}/v1/grocery/products`)).status, 200);
  assert.equal((await send(`${catalog.url}/v1/grocery/products`)).status, 404);
  assert.equal((await send(`${store.url}/v1/catalog/movies`)).status, 404);
  const documents = await Promise.all(
    [catalog, store].map(async ({ url }) => (await send(`${url}/v1/openapi.json`)).body),
  );
  assert.deepEqual(Object.keys(documents[0].paths), Object.keys(documents[1].paths));
});

test('a call carries the id of its request, so that both logs can be read together', async () => {
  const screeningId = await addScreening(cinema.database);
  const id = randomUUID();
  const traceparent = `00-${id.replaceAll('-', '')}-00f067aa0ba902b7-01`;
  const headers = { 'X-Request-Id': id, traceparent };
  await send(`${store.url}/v1/tickets/screenings/${screeningId}/seats`, { headers });
  const line = await waitFor('the neighbour’s line', () =>
    catalog.logs.lines().find(({ requestId }) => requestId === id),
  );
  const { path, caller } = line;
  assert.deepEqual([path, caller], ['/internal/catalog/findScreening', 'tickets,grocery']);
  assert.deepEqual([line.trace_id, line.span_id], [id.replaceAll('-', ''), '00f067aa0ba902b7']);
});

test('calls between services need a token of ours; that of a user does not do', async () => {
  const call = (headers: Record<string, string>) =>
    send(`${catalog.url}/internal/catalog/findScreening`, {
      method: 'POST',
      headers,
      json: { input: randomUUID() },
    });
  for (const headers of [{}, { Authorization: 'Bearer nonsense' }, ada.auth]) {
    const { status, body } = await call(headers);
    assert.deepEqual([status, body.code], [401, 'invalid_token']);
  }
});

test('without its neighbour a call answers 503, others answer as ever, and it recovers by itself', async () => {
  const screeningId = await addScreening(cinema.database);
  await catalog.close();

  const { status, body, headers } = await buy(screeningId, 'A1');
  assert.deepEqual([status, body.code, body.dependency], [503, 'dependency_unavailable', 'catalog']);
  assert.equal(headers.get('retry-after'), '2');
  assert.deepEqual(tally(await crowd(20, (index) => buy(screeningId, `B${(index % 10) + 1}`))), { 503: 20 });
  assert.equal(await metric(/^circuit_breaker_open\{contract="catalog"\} (\d)/m), '1');
  assert.equal((await send(`${store.url}/v1/grocery/products`)).status, 200);

  catalog = await cinema.addInstance(catalogEnv);
  await waitFor('the purchase to work again', async () => (await buy(screeningId, 'A1')).status === 201);
  assert.equal(await metric(/^circuit_breaker_open\{contract="catalog"\} (\d)/m), '0');
  const away = await metric(/^neighbour_calls_total\{.*operation="findScreening",outcome="away"\} (\d+)/m);
  assert.ok(Number(away) >= 21);
});

test('an event waits for a neighbour that is away, and is told when it is back', async () => {
  const screeningId = await addScreening(cinema.database);
  const { body: purchase } = await buy(screeningId, 'A1');
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  const telling = spawnEntryPoint('job-worker', {
    ...cinema.env,
    FEATURES: 'accounts,catalog',
    NEIGHBOURS: `tickets=${nowhere},grocery=${nowhere}`,
    PORT: '0',
  });
  const staff = await makeStaff(cinema);
  const cancel = `${catalog.url}/v1/catalog/screenings/${screeningId}/cancel`;
  assert.equal((await send(cancel, { method: 'POST', headers: staff.auth })).status, 200);
  const line = await waitFor('the telling to be put off', () =>
    telling.logs.lines().find(({ msg }) => msg === 'a job is put off'),
  );
  assert.equal(line.job, 'catalog.screening-cancelled.v1');

  const PORT = new URL(nowhere).port;
  const back = await cinema.addInstance({ FEATURES: 'tickets,grocery', PORT, NEIGHBOURS: addresses });
  const doing = spawnEntryPoint('job-worker', {
    ...cinema.env,
    FEATURES: 'tickets,grocery',
    NEIGHBOURS: addresses,
    PORT: '0',
  });
  await waitFor('the refund', async () => {
    const { body } = await send(`${back.url}/v1/tickets/purchases/${purchase.id}`, { headers: ada.auth });
    return body.refundedAt;
  });
  for (const worker of [telling, doing]) {
    worker.signal('SIGTERM');
    await worker.exited;
  }
});

test('a feature that does not exist, and a neighbour without an address, are refused at boot, both at once', async () => {
  await assert.rejects(
    cinema.addInstance({ FEATURES: 'tickets,tikcets' }),
    ({ faults }: { faults: string[] }) => {
      assert.equal(faults.length, 4);
      assert.match(faults.join('\n'), /FEATURES: there is no tikcets/);
      assert.match(faults.join('\n'), /NEIGHBOURS: must say where accounts is served/);
      assert.match(faults.join('\n'), /NEIGHBOURS: must say where catalog is served/);
      assert.match(faults.join('\n'), /NEIGHBOURS: must say where grocery is served/); // to tell it of events
      return true;
    },
  );
});

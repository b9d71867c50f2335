import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { addScreening, logInAdmin, newCustomer } from './containers/cinema.ts';
import { createClient } from './containers/client.ts';
import { apiContainers, compose, scaleTo, stackUrl, until } from './containers/stack.ts';

const client = createClient();
before(() => scaleTo(3));
after(client.close);

const remaining = (header: unknown) => Number(/r=(\d+)/.exec(String(header))?.[1]);

/** For what no HTTP library would send. */
const sendRaw = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(stackUrl).port), new URL(stackUrl).hostname);
    let reply = '';
    socket.on('data', (chunk) => {
      reply += chunk;
    });
    socket.on('close', () => resolve(reply));
    socket.on('error', reject);
    socket.write(text);
  });

test('all replicas serve, each under its own name', async () => {
  const names = new Set<unknown>();
  await until('3 replicas have answered', 20, async () => {
    names.add((await client.call('/v1/catalog/movies')).headers['x-served-by']);
    return names.size === 3;
  });
  assert.equal((await apiContainers()).length, 3);
});

test('a customer registers, logs in and buys through different replicas', async () => {
  const names = new Set<unknown>();
  const screeningId = await addScreening(client, await logInAdmin(client));
  const token = await newCustomer(client);
  for (const seat of ['A1', 'A2', 'A3']) {
    const body = { screeningId, seats: [seat] };
    const answer = await client.call('/v1/tickets/purchases', { method: 'POST', token, body });
    assert.equal(answer.status, 201, answer.text);
    names.add(answer.headers['x-served-by']);
  }
  const { json } = await client.call('/v1/tickets/purchases', { token });
  assert.deepEqual(
    json.items.flatMap((purchase: { seats: string[] }) => purchase.seats),
    ['A3', 'A2', 'A1'],
  );
  assert.ok(names.size > 1, `all by ${[...names]}`);
});

test('a forged X-Forwarded-For does not walk past the limiter', async () => {
  const left: number[] = [];
  for (let host = 1; host <= 12; host += 1) {
    const forged = `203.0.113.${host}`;
    const headers = { 'X-Forwarded-For': forged, 'X-Real-IP': forged, Forwarded: `for=${forged}` };
    const answer = await client.call('/v1/catalog/movies', { headers });
    left.push(remaining(answer.headers.ratelimit));
  }
  // One step up is a new window that opened meanwhile; forged addresses would each begin at the top.
  const steps = left.slice(1).filter((count, index) => count === (left[index] ?? 0) - 1);
  assert.ok(steps.length >= left.length - 2, `remaining: ${left}`);
});

for (const path of [
  '/metrics',
  '/livez',
  '/readyz',
  '/v1/../metrics',
  '/v1/%2e%2e/metrics',
  '/docs/..%2flivez',
])
  test(`${path} is not reachable from outside`, async () => {
    const reply = await sendRaw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    assert.match(reply, /^HTTP\/1\.1 404 /);
    assert.match(reply, /Content-Type: application\/problem\+json/);
    assert.doesNotMatch(reply, /X-Served-By/i);
  });

test('the document and its page are reachable', async () => {
  for (const path of ['/docs', '/docs/assets/swagger-ui-bundle.js', '/v1/openapi.json'])
    assert.equal((await client.call(path)).status, 200, path);
});

test('a fit X-Request-Id is kept, and another is replaced', async () => {
  const idFor = async (given: string) => {
    const answer = await client.call('/v1/catalog/movies', { headers: { 'X-Request-Id': given } });
    return answer.headers['x-request-id'];
  };
  assert.equal(await idFor('a-client.made:this_1'), 'a-client.made:this_1');
  assert.match(String(await idFor('no good"}')), /^[0-9a-f]{32}$/);
});

test('the trace that a client began goes on under its name, and nginx’s log tells it', async () => {
  const traceId = randomUUID().replaceAll('-', '');
  await client.call('/v1/catalog/movies', { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
  await until('nginx has written its log', 5, async () =>
    (await compose('logs', '--no-log-prefix', 'nginx')).includes(`"trace_id":"${traceId}"`),
  );
});

test('JSON comes compressed to who asks', async () => {
  const { headers } = await client.call('/v1/openapi.json', { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(headers['content-encoding'], 'gzip');
  const reply = await fetch(new URL('/v1/openapi.json', stackUrl));
  assert.equal(((await reply.json()) as { openapi: string }).openapi.slice(0, 3), '3.1');
});

test("nginx's own refusals are problem documents", async () => {
  const large = await client.call('/v1/accounts', { method: 'POST', body: { name: 'x'.repeat(100_000) } });
  assert.deepEqual([large.status, large.json.code], [413, 'body_too_large']);
  assert.ok(large.json.requestId);
  const unknown = await client.call('/elsewhere');
  assert.deepEqual([unknown.status, unknown.json.code], [404, 'not_found']);
  assert.match(await sendRaw('GARBAGE\r\n\r\n'), /"code":"malformed_http"/);
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { assertProblem } from '../support/problems.ts';
import { waitFor } from '../support/wait.ts';

let cinema: Cinema;

before(async () => {
  cinema = await openCinema();
});
after(() => cinema.close());

const api = () => supertest(cinema.at(0).url);
const accessLine = (requestId: string) =>
  waitFor(`the access line of ${requestId}`, () =>
    cinema
      .at(0)
      .logs.lines()
      .find((line) => line.msg === 'request' && line.requestId === requestId),
  );

for (const path of [
  '/',
  '/v1',
  '/v1/nowhere',
  '/v1/accounts/me/too/deep',
  '/v2/catalog/movies',
  '/%2e%2e/etc',
]) {
  test(`${path} is 404 as a problem`, async () => {
    const { status, headers, text } = await api().get(path);
    assert.equal(status, 404);
    assertProblem({ status, contentType: headers['content-type'], text }, path);
  });
}

test('a method that a path does not know is 405, and says which it knows', async () => {
  const { status, headers, text } = await api().delete('/v1/catalog/movies');
  assert.equal(status, 405);
  assertProblem({ status, contentType: headers['content-type'], text }, 'DELETE');
  assert.deepEqual(headers.allow?.split(', ').sort(), ['GET', 'HEAD', 'POST']);
});

test('a path that knows no GET has no HEAD either', async () => {
  const { headers } = await api().head('/v1/accounts/login').expect(405);
  assert.equal(headers.allow, 'POST');
});

test('HEAD answers as GET does, without the body', async () => {
  const get = await api().get('/v1/catalog/movies').expect(200);
  const head = await api().head('/v1/catalog/movies').expect(200);
  assert.equal(head.headers.etag, get.headers.etag);
  assert.equal(head.text ?? '', '');
});

test('an id that the balancer gave is kept, in the reply, in problems and in the log', async () => {
  const requestId = randomUUID();
  const { headers, body } = await api().get('/v1/nowhere').set('X-Request-Id', requestId);
  assert.equal(headers['x-request-id'], requestId);
  assert.equal(body.requestId, requestId);
  const line = await accessLine(requestId);
  assert.deepEqual([line.path, line.status, line.instance], ['/v1/nowhere', 404, 'api-1']);
});

for (const forged of ['short', 'has spaces in it', 'x'.repeat(129), '"quoted","level":"fatal"']) {
  test(`an id that could harm the log is replaced: ${forged.slice(0, 20)}`, async () => {
    const { headers, body } = await api().get('/v1/nowhere').set('X-Request-Id', forged);
    assert.match(headers['x-request-id'] ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(body.requestId, headers['x-request-id']);
  });
}

test('a fault of ours is a 500 that tells the client nothing, and the log its reason under the same id', async () => {
  await cinema.database.query('alter table grocery.products rename to products_away');
  const { status, headers, body, text } = await api().get('/v1/grocery/products');
  await cinema.database.query('alter table grocery.products_away rename to products');
  assert.equal(status, 500);
  assert.equal(headers['content-type'], 'application/problem+json; charset=utf-8');
  assert.equal(body.code, 'internal_error');
  assert.doesNotMatch(text, /products|relation|\.ts/);
  const lines = cinema
    .at(0)
    .logs.lines()
    .filter((line) => line.requestId === body.requestId);
  const fault = lines.find(({ level }) => level === 'error');
  assert.match(JSON.stringify(fault?.err), /grocery\.products.*src\/.*\.ts/);
});

test('a line of the log carries what it says itself, and nothing of the line before', async () => {
  await cinema.database.query('alter table grocery.products rename to products_away');
  const { body } = await api().get('/v1/grocery/products').expect(500);
  await cinema.database.query('alter table grocery.products_away rename to products');
  assert.equal((await accessLine(body.requestId)).err, undefined);
});

test('every reply carries the security headers, and none says what it is made with', async () => {
  for (const path of ['/v1/catalog/movies', '/v1/nowhere', '/docs', '/livez']) {
    const { headers } = await api().get(path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.match(
      headers['content-security-policy'] ?? '',
      /default-src 'none'.*frame-ancestors 'none'/,
      path,
    );
    assert.match(headers['strict-transport-security'] ?? '', /max-age=\d{8}/, path);
    assert.equal(headers['referrer-policy'], 'no-referrer', path);
    assert.equal(headers['x-powered-by'], undefined, path);
    assert.equal(headers['x-served-by'], 'api-1', path);
  }
});

test('what is private is kept by no cache', async () => {
  const { headers } = await api().get('/v1/accounts/me').expect(401);
  assert.equal(headers['cache-control'], 'no-store');
});

test('the metrics count requests by route, never by path, so that their number stays bounded', async () => {
  const id = randomUUID();
  await api().get(`/v1/catalog/movies/${id}`).expect(404);
  const { text } = await supertest(cinema.at(0).urlOf('catalog')).get('/metrics').expect(200);
  assert.match(text, /http_request_duration_seconds_count\{.*route="\/v1\/catalog\/movies\/:id".*\} 1/);
  assert.ok(!text.includes(id));
});

test('outside production a reply that does not fit its documented schema is a fault, so that tests find it', async () => {
  const add =
    'insert into grocery.products (id, name, price_cents, stock) values (gen_random_uuid(), $1, 2000000, 1)';
  await cinema.database.query(add, ['Dearer than the document allows']);
  await api().get('/v1/grocery/products').expect(500);
  const production = await cinema.addInstance({
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://cinema.example.org',
    JWT_KEYS: `key:${'k'.repeat(40)}`,
    SESSION_SECRETS: 's'.repeat(40),
  });
  await supertest(production.url).get('/v1/grocery/products').expect(200);
});

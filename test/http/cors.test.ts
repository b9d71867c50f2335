import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { type Cinema, openCinema } from '../support/cinema.ts';

const FRIEND = 'https://app.example.org';
let cinema: Cinema;

before(async () => {
  cinema = await openCinema({ env: { CORS_ORIGINS: FRIEND, CORS_CREDENTIALS: 'true' } });
  await cinema.addInstance({ CORS_ORIGINS: '', CORS_CREDENTIALS: 'false' });
});
after(() => cinema.close());

const get = (origin: string, path = '/v1/openapi.json', instance = 0) =>
  supertest(cinema.at(instance).url).get(path).set('Origin', origin);
const preflight = (origin: string) =>
  supertest(cinema.at(0).url)
    .options('/v1/accounts')
    .set({ Origin: origin, 'Access-Control-Request-Method': 'POST' })
    .set('Access-Control-Request-Headers', 'authorization,content-type,idempotency-key');

test("an allowed origin's pages may read replies, problems too, and the headers that tell them what to do", async () => {
  for (const path of ['/v1/openapi.json', '/v1/nowhere']) {
    const { headers } = await get(FRIEND, path);
    assert.equal(headers['access-control-allow-origin'], FRIEND);
    assert.equal(headers['access-control-allow-credentials'], 'true');
    assert.match(headers.vary ?? '', /Origin/);
    for (const name of ['Retry-After', 'RateLimit', 'ETag', 'X-Request-Id', 'Idempotency-Replayed'])
      assert.ok(headers['access-control-expose-headers']?.split(',').includes(name), name);
  }
});

for (const origin of [
  'https://evil.example',
  'https://app.example.org.evil.example',
  'http://app.example.org',
  'null',
]) {
  test(`pages of ${origin} may not read replies`, async () => {
    const { headers } = await get(origin);
    assert.notEqual(headers['access-control-allow-origin'], origin);
    assert.notEqual(headers['access-control-allow-origin'], '*');
  });
}

test('the preflight of an allowed origin grants its method and headers, without a login', async () => {
  const { headers } = await preflight(FRIEND).expect(204);
  assert.equal(headers['access-control-allow-origin'], FRIEND);
  assert.match(headers['access-control-allow-methods'] ?? '', /POST/);
  assert.match(headers['access-control-allow-headers'] ?? '', /idempotency-key/);
  assert.ok(Number(headers['access-control-max-age']) > 0);
});

test('the preflight of another origin grants nothing', async () => {
  const { headers } = await preflight('https://evil.example');
  assert.notEqual(headers['access-control-allow-origin'], 'https://evil.example');
});

test('without CORS_ORIGINS no page of another origin may read anything', async () => {
  const { headers } = await get(FRIEND, '/v1/openapi.json', 1);
  assert.equal(headers['access-control-allow-origin'], undefined);
});

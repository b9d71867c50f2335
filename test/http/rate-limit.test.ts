import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { addressKey } from '../../src/http/rate-limit.ts';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { PASSWORD, register, registerAndLogIn, uniqueEmail } from '../support/people.ts';

let cinema: Cinema;
const PROXIED = { TRUST_PROXY: '1' };

before(async () => {
  cinema = await openCinema({
    env: {
      RATE_LIMIT_ADDRESS: '4',
      RATE_LIMIT_USER: '3',
      RATE_LIMIT_LOGIN: '2',
      RATE_LIMIT_WINDOW_SECONDS: '3600',
    },
  });
  await cinema.addInstance(PROXIED);
  await cinema.addInstance({ ...PROXIED, RATE_LIMIT_ADDRESS: '1000000' });
});
after(() => cinema.close());

const [DIRECT, BEHIND_PROXY, UNLIMITED] = [0, 1, 2];
const api = (instance: number) => supertest(cinema.at(instance).url);
const list = (instance: number, from: string) =>
  api(instance).get('/v1/catalog/movies').set('X-Forwarded-For', from);
/** How many of `count` requests, one after the other, were let through. */
const countAdmitted = async (count: number, request: () => Promise<{ status: number }>) => {
  let admitted = 0;
  for (let index = 0; index < count; index += 1) if ((await request()).status !== 429) admitted += 1;
  return admitted;
};

test('every reply says the policy, what is left of it and when it starts anew', async () => {
  const from = '192.0.2.1';
  const { headers } = await list(BEHIND_PROXY, from).expect(200);
  assert.equal(headers['ratelimit-policy'], '"address";q=4;w=3600');
  assert.match(headers.ratelimit ?? '', /^"address";r=3;t=(3600|3599)$/);
  assert.equal(headers['retry-after'], undefined);
});

test('who is over the limit gets a 429 that says when to come back', async () => {
  const from = '192.0.2.2';
  for (let count = 0; count < 4; count += 1) await list(BEHIND_PROXY, from).expect(200);
  const { body, headers } = await list(BEHIND_PROXY, from).expect(429);
  assert.deepEqual([body.code, body.policy], ['rate_limited', 'address']);
  assert.match(headers.ratelimit ?? '', /^"address";r=0;t=\d+$/);
  assert.match(headers['retry-after'] ?? '', /^(3600|35\d\d)$/);
});

test('the window ends: then the client is served again', async (t) => {
  const short = await openCinema({ env: { RATE_LIMIT_ADDRESS: '1', RATE_LIMIT_WINDOW_SECONDS: '1' } });
  t.after(short.close);
  const get = () => supertest(short.at(0).url).get('/v1/catalog/movies');
  await get().expect(200);
  const refused = await get().expect(429);
  assert.equal(refused.headers['retry-after'], '1');
  await new Promise((resolve) => setTimeout(resolve, 1_000 * Number(refused.headers['retry-after'])));
  await get().expect(200);
});

test('a logged-in client is counted as itself, wherever it comes from', async () => {
  const ada = await registerAndLogIn(cinema.at(UNLIMITED));
  const ben = await registerAndLogIn(cinema.at(UNLIMITED));
  let address = 0;
  const me = (who: typeof ada) =>
    api(BEHIND_PROXY).get('/v1/accounts/me').set(who.auth).set('X-Forwarded-For', `198.51.100.${++address}`);
  assert.equal(await countAdmitted(5, () => me(ada)), 3);
  const { headers } = await me(ben).expect(200);
  assert.match(headers.ratelimit ?? '', /^"user";r=2;/);
});

test('a refused token is counted for its address, so that guessing is not free', async () => {
  const guess = () => list(BEHIND_PROXY, '192.0.2.3').set('Authorization', 'Bearer guess');
  assert.equal(await countAdmitted(6, guess), 4);
});

test('the addresses of one IPv6 subscriber count as one, and those of another apart', async () => {
  const one = ['2001:db8:1:2::1', '2001:db8:1:2::2', '2001:db8:1:2:ffff::3', '2001:0db8:0001:0002:0:0:0:4'];
  for (const from of one) await list(BEHIND_PROXY, from).expect(200);
  await list(BEHIND_PROXY, '2001:db8:1:2:aaaa::5').expect(429);
  await list(BEHIND_PROXY, '2001:db8:1:3::1').expect(200);
});

test('an address that a client forges before the trusted proxy counts for nothing', async () => {
  let forged = 0;
  assert.equal(await countAdmitted(6, () => list(BEHIND_PROXY, `203.0.113.${++forged}, 192.0.2.4`)), 4);
});

test('without a trusted proxy X-Forwarded-For does not help a client past its limit', async () => {
  await cinema.redis.del('limit:address:127.0.0.1'); // where the other tests come from, too
  let forged = 0;
  assert.equal(await countAdmitted(6, () => list(DIRECT, `203.0.113.${++forged}`)), 4);
});

test('logins are limited more strictly for one account from one address', async () => {
  const { email } = await register(cinema.at(UNLIMITED));
  const logIn = (from: string, address = email) =>
    api(UNLIMITED)
      .post('/v1/accounts/login')
      .set('X-Forwarded-For', from)
      .send({ email: address, password: 'a wrong guess' });
  assert.equal(await countAdmitted(4, () => logIn('192.0.2.10')), 2);
  const refused = await logIn('192.0.2.10').expect(429);
  assert.equal(refused.body.policy, 'login');
  await logIn('192.0.2.11').expect(401); // its owner is elsewhere, and not locked out
});

test('one address that tries many accounts is stopped', async () => {
  const tryOther = () =>
    api(UNLIMITED)
      .post('/v1/accounts/login')
      .set('X-Forwarded-For', '192.0.2.12')
      .send({ email: uniqueEmail(), password: PASSWORD });
  assert.equal(await countAdmitted(8, tryOther), 6);
});

test('one account that is tried from many addresses is protected', async () => {
  const email = uniqueEmail();
  let from = 0;
  const tryFromElsewhere = () =>
    api(UNLIMITED)
      .post('/v1/accounts/session')
      .set('X-Forwarded-For', `198.51.100.${++from}`)
      .send({ email, password: PASSWORD });
  assert.equal(await countAdmitted(22, tryFromElsewhere), 20);
});

for (const [address, key] of [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8::/64'],
  ['2001:DB8:0:0:1::', '2001:db8::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['192.0.2.1:8080', 'unknown'],
  [undefined, 'unknown'],
] as const) {
  test(`the address ${address} is counted as ${key}`, () => {
    assert.equal(addressKey(address), key);
  });
}

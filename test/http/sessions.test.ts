import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { cookieOf, openSession, PASSWORD, type Person, registerAndLogIn } from '../support/people.ts';
import { watchRedis } from '../support/redis-monitor.ts';

let cinema: Cinema;
let ada: Person;

before(async () => {
  cinema = await openCinema({ instances: 2 });
  ada = await registerAndLogIn(cinema.at(0));
});
after(() => cinema.close());

const api = (instance = 0) => supertest(cinema.at(instance).url);
const logIn = (headers: Record<string, string> = {}) =>
  api().post('/v1/accounts/session').set(headers).send({ email: ada.email, password: PASSWORD });
const logOut = (headers: Record<string, string>) => api().post('/v1/accounts/logout').set(headers);
const setCookies = (headers: Record<string, unknown>) => (headers['set-cookie'] ?? []) as string[];

test('the cookie of a login is HttpOnly, SameSite, for the whole site and for a limited time', async () => {
  const { headers } = await logIn().expect(200);
  const [cookie = ''] = setCookies(headers);
  for (const part of [/^session=/, /; HttpOnly/, /; SameSite=Lax/, /; Path=\/(;|$)/, /; Expires=/])
    assert.match(cookie, part);
  assert.doesNotMatch(cookie, /Secure|Domain/);
});

test('a session opened on one instance is good on another', async () => {
  const session = await openSession(cinema.at(0), ada.email);
  const { body } = await api(1).get('/v1/accounts/session').set('Cookie', session.cookie).expect(200);
  assert.equal(body.user.id, ada.id);
  assert.equal(body.csrfToken, session.csrfToken);
});

test('each login gets a new session id, and the one that came with it is worth nothing', async () => {
  const first = await openSession(cinema.at(0), ada.email);
  const second = await openSession(cinema.at(0), ada.email, { Cookie: first.cookie });
  assert.notEqual(second.cookie, first.cookie);
  await api().get('/v1/accounts/me').set('Cookie', first.cookie).expect(401);
  await api().get('/v1/accounts/me').set('Cookie', second.cookie).expect(200);
});

test('logging in again ends the login before it, also where its session was read already', async () => {
  const first = await openSession(cinema.at(0), ada.email);
  for (const instance of [0, 1])
    await api(instance).get('/v1/accounts/me').set('Cookie', first.cookie).expect(200);
  await openSession(cinema.at(0), ada.email, { Cookie: first.cookie });
  for (const instance of [0, 1])
    await api(instance).get('/v1/accounts/me').set('Cookie', first.cookie).expect(401);
});

test('a session that was read before costs Redis one command, and its writes still need the CSRF token', async (t) => {
  const person = await registerAndLogIn(cinema.at(0));
  const session = await openSession(cinema.at(0), person.email);
  const use = () => api(1).get('/v1/accounts/identity').set('Cookie', session.cookie).expect(200);
  await use();
  const commands = await watchRedis(cinema, t);
  await use();
  assert.deepEqual(
    (await commands.settled()).filter((command) => command.includes('session:')),
    [],
  );
  await api(1).post('/v1/accounts/logout').set('Cookie', session.cookie).expect(403);
  const { body } = await api(1).get('/v1/accounts/session').set('Cookie', session.cookie).expect(200);
  assert.equal(body.csrfToken, session.csrfToken);
  await api(1).post('/v1/accounts/logout').set(session.headers).expect(204);
  await api(0).get('/v1/accounts/identity').set('Cookie', session.cookie).expect(401);
});

test('an id that the client chose is never adopted', async () => {
  const { headers } = await logIn({ Cookie: 'session=s%3Achosen-by-an-attacker.signature' }).expect(200);
  assert.doesNotMatch(cookieOf(headers), /chosen-by-an-attacker/);
});

test('a cookie with a forged signature is no session', async () => {
  const { cookie } = await openSession(cinema.at(0), ada.email);
  await api()
    .get('/v1/accounts/me')
    .set('Cookie', `${cookie.slice(0, -3)}AAA`)
    .expect(401);
});

test('a read needs no CSRF token; a write without it, or with a wrong one, is refused', async () => {
  const session = await openSession(cinema.at(0), ada.email);
  const other = await openSession(cinema.at(0), ada.email);
  await api().get('/v1/accounts/me').set('Cookie', session.cookie).expect(200);
  for (const token of [{}, { 'X-CSRF-Token': 'wrong' }, { 'X-CSRF-Token': other.csrfToken }]) {
    const { body } = await logOut({ Cookie: session.cookie, ...token }).expect(403);
    assert.equal(body.code, 'csrf_token_invalid');
  }
  await api().get('/v1/accounts/me').set('Cookie', session.cookie).expect(200);
  await logOut(session.headers).expect(204);
});

test('logging out ends the session on every instance and takes the cookie back', async () => {
  const session = await openSession(cinema.at(0), ada.email);
  await api(1).get('/v1/accounts/me').set('Cookie', session.cookie).expect(200);
  const { headers } = await logOut(session.headers).expect(204);
  assert.match(setCookies(headers)[0] ?? '', /^session=;.*Expires=Thu, 01 Jan 1970/);
  await api(1).get('/v1/accounts/me').set('Cookie', session.cookie).expect(401);
});

test('logging out everywhere with a token ends the sessions too', async () => {
  const session = await openSession(cinema.at(0), ada.email);
  await api(1).post('/v1/accounts/logout-everywhere').set(ada.auth).expect(204);
  await api().get('/v1/accounts/me').set('Cookie', session.cookie).expect(401);
});

test('requests without a login neither get a cookie nor leave a session behind', async () => {
  const before = await cinema.redis.keys(`${cinema.env.REDIS_KEY_PREFIX}session:*`);
  for (const path of ['/v1/openapi.json', '/v1/accounts/me', '/v1/nowhere']) {
    const { headers } = await api().get(path);
    assert.deepEqual(setCookies(headers), []);
  }
  assert.deepEqual(await cinema.redis.keys(`${cinema.env.REDIS_KEY_PREFIX}session:*`), before);
});

for (const [what, path, proof] of [
  ['with a token', '/v1/accounts/me', (person: Person) => person.auth],
  ['to a public route', '/v1/catalog/movies', () => ({})],
] as const) {
  test(`a request ${what} never touches the session whose cookie it also brings`, async (t) => {
    const person = await registerAndLogIn(cinema.at(0));
    const session = await openSession(cinema.at(0), person.email);
    const commands = await watchRedis(cinema, t);
    await api().get(path).set(proof(person)).set('Cookie', session.cookie).expect(200);
    const seen = await commands.settled();
    assert.ok(seen.length > 0);
    assert.deepEqual(
      seen.filter((command) => command.includes('session:')),
      [],
    );
  });
}

test('a session is written again only when a minute has passed since the last time', async (t) => {
  const person = await registerAndLogIn(cinema.at(0));
  const session = await openSession(cinema.at(0), person.email);
  const commands = await watchRedis(cinema, t);
  const writes = async () => {
    const seen = await commands.settled();
    return seen.filter((command) => /^set .*session:/i.test(command)).length;
  };
  const use = (instance = 1) =>
    api(instance).get('/v1/accounts/me').set('Cookie', session.cookie).expect(200);

  for (let count = 0; count < 5; count += 1) assert.deepEqual(setCookies((await use()).headers), []);
  assert.equal(await writes(), 0);

  const [id] = decodeURIComponent(session.cookie.replace('session=s%3A', '')).split('.');
  const stored = JSON.parse((await cinema.redis.get(`session:${id}`)) ?? '{}');
  await cinema.redis.set(
    `session:${id}`,
    JSON.stringify({ ...stored, touchedAt: Date.now() - 61_000 }),
    'EX',
    30,
  );
  // The other instance has not read it yet; the first one would look again after its own minute.
  assert.equal(setCookies((await use(0)).headers).length, 1);
  assert.deepEqual(setCookies((await use(0)).headers), []);
  assert.equal(await writes(), 2); // ours, and the one that renews
  assert.ok((await cinema.redis.ttl(`session:${id}`)) > 30);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { cookieOf, openSession, PASSWORD, type Person, registerAndLogIn } from '../support/people.ts';

const ENV = { PUBLIC_URL: 'https://cinema.example.org', TRUST_PROXY: '1' };
const VIA_HTTPS = { 'X-Forwarded-Proto': 'https' };
let cinema: Cinema;
let ada: Person;

before(async () => {
  cinema = await openCinema({ env: ENV });
  ada = await registerAndLogIn(cinema.at(0));
});
after(() => cinema.close());

const logIn = (headers: Record<string, string>, instance = cinema.at(0)) =>
  supertest(instance.url)
    .post('/v1/accounts/session')
    .set(headers)
    .send({ email: ada.email, password: PASSWORD });

test('behind a proxy that ends TLS the cookie is Secure and bound to the host', async () => {
  const { headers } = await logIn(VIA_HTTPS).expect(200);
  const [cookie = ''] = headers['set-cookie'] as unknown as string[];
  for (const part of [/^__Host-session=/, /; Secure/, /; HttpOnly/, /; SameSite=Lax/, /; Path=\/(;|$)/])
    assert.match(cookie, part);
  assert.doesNotMatch(cookie, /Domain/); // which a __Host- cookie must not have
});

test('the session works through the proxy: reading, writing and logging out', async () => {
  const session = await openSession(cinema.at(0), ada.email, VIA_HTTPS);
  const { url } = cinema.at(0);
  const headers = { ...VIA_HTTPS, ...session.headers };
  await supertest(url).get('/v1/accounts/me').set(headers).expect(200);
  const out = await supertest(url).post('/v1/accounts/logout').set(headers).expect(204);
  assert.equal(cookieOf(out.headers), '__Host-session=');
  await supertest(url).get('/v1/accounts/me').set(headers).expect(401);
});

test('a proxy that does not say how the client came is told so, instead of a cookie that is never stored', async () => {
  const { body, headers } = await logIn({}).expect(400);
  assert.equal(body.code, 'https_required');
  assert.equal(headers['set-cookie'], undefined);
});

test('X-Forwarded-Proto of a client that is no trusted proxy counts for nothing', async () => {
  const untrusting = await cinema.addInstance({ TRUST_PROXY: '0' });
  const { body } = await logIn(VIA_HTTPS, untrusting).expect(400);
  assert.equal(body.code, 'https_required');
});

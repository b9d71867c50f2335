import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import jwt from 'jsonwebtoken';
import supertest from 'supertest';
import { type Cinema, type Instance, openCinema } from '../support/cinema.ts';
import { bearer, type Person, registerAndLogIn } from '../support/people.ts';
import { waitFor } from '../support/wait.ts';

let cinema: Cinema;
let ada: Person;
const key = { id: 'current', secret: 'a-secret-of-the-tests-long-enough-to-pass' };

before(async () => {
  cinema = await openCinema({ env: { JWT_KEYS: `${key.id}:${key.secret}` } });
  ada = await registerAndLogIn(cinema.at(0));
});
after(() => cinema.close());

const me = (token: string, instance: Instance = cinema.at(0)) =>
  supertest(instance.url).get('/v1/accounts/me').set(bearer(token));
const genuineClaims = () => jwt.decode(ada.accessToken) as jwt.JwtPayload;
const withoutExpiry = () => {
  const { exp, ...claims } = genuineClaims();
  return claims;
};
const sign = (claims: object, options: jwt.SignOptions = {}, secret: jwt.Secret = key.secret) =>
  jwt.sign(claims, secret, { algorithm: 'HS256', keyid: key.id, ...options });

const rs256 = () =>
  sign(
    genuineClaims(),
    { algorithm: 'RS256' },
    generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey,
  );
const tampered = () => {
  const [header, , signature] = ada.accessToken.split('.');
  const claims = Buffer.from(JSON.stringify({ ...genuineClaims(), role: 'admin' })).toString('base64url');
  return [header, claims, signature].join('.');
};

for (const [what, forge] of [
  ['of another issuer', () => sign({ ...genuineClaims(), iss: 'somebody' })],
  ['for another audience', () => sign({ ...genuineClaims(), aud: 'another-api' })],
  ['with no signature', () => jwt.sign(genuineClaims(), '', { algorithm: 'none', keyid: key.id })],
  ['signed by RS256', rs256],
  ['signed by HS512 with our own key', () => sign(genuineClaims(), { algorithm: 'HS512' })],
  ['naming an unknown key', () => sign(genuineClaims(), { keyid: 'unknown' })],
  ['naming no key', () => jwt.sign(genuineClaims(), key.secret)],
  ['signed by another secret', () => sign(genuineClaims(), {}, 'x'.repeat(40))],
  ['with a changed role', tampered],
  ['without an expiry', () => sign(withoutExpiry())],
  ['with a role that does not exist', () => sign({ ...genuineClaims(), role: 'owner' })],
  ['that is no token', () => 'garbage'],
] as const) {
  test(`a token ${what} is refused`, async () => {
    const { body, headers } = await me(forge()).expect(401);
    assert.equal(body.code, 'invalid_token');
    assert.equal(headers['www-authenticate'], 'Bearer');
  });
}

test('a token signed with our key and claims is accepted, so the forgeries above fail for their fault alone', async () => {
  await me(sign(genuineClaims())).expect(200);
});

test('a token of a login that never was is refused', async () => {
  const { body } = await me(sign({ ...genuineClaims(), login: randomUUID() })).expect(401);
  assert.equal(body.code, 'login_ended');
});

test('a token that was accepted and remembered is refused from the second it expires', async () => {
  const exp = Math.floor(Date.now() / 1_000) + 2;
  const token = sign({ ...genuineClaims(), exp });
  await me(token).expect(200);
  await me(token).expect(200);
  let lastAcceptedAt = 0;
  const refusal = await waitFor('the token to expire', async () => {
    const askedAt = Date.now();
    const reply = await me(token);
    if (reply.status === 200) lastAcceptedAt = askedAt;
    return reply.status === 401 ? reply : undefined;
  });
  assert.equal(refusal.body.code, 'token_expired');
  assert.ok(lastAcceptedAt < exp * 1_000, 'accepted after its expiry');
  assert.ok(Date.now() >= exp * 1_000, 'refused before its expiry');
});

test('keys rotate: a new one in front signs, the old one is still accepted, a removed one is refused', async () => {
  const next = { id: 'next', secret: 'another-secret-of-the-tests-just-as-long' };
  const both = await cinema.addInstance({ JWT_KEYS: `${next.id}:${next.secret},${key.id}:${key.secret}` });
  const nextOnly = await cinema.addInstance({ JWT_KEYS: `${next.id}:${next.secret}` });

  await me(ada.accessToken, both).expect(200);
  const { refreshToken } = ada;
  const { body } = await supertest(both.url).post('/v1/accounts/refresh').send({ refreshToken }).expect(200);
  assert.equal(jwt.decode(body.accessToken, { complete: true })?.header.kid, next.id);
  await me(body.accessToken, nextOnly).expect(200);
  await me(ada.accessToken, nextOnly).expect(401);
  const old = await supertest(nextOnly.url).post('/v1/accounts/refresh').send({ refreshToken }).expect(401);
  assert.equal(old.body.code, 'invalid_refresh_token');
});

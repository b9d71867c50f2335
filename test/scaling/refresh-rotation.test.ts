import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { bearer, logIn, registerAndLogIn } from '../support/people.ts';
import { crowd, send } from '../support/send.ts';

let cinema: Cinema;
let strict: Cinema;

before(async () => {
  cinema = await openCinema({ instances: 3, env: { REFRESH_GRACE_SECONDS: '60' } });
  strict = await openCinema({ instances: 3, env: { REFRESH_GRACE_SECONDS: '0' } });
});
after(() => Promise.all([cinema.close(), strict.close()]));

const refresh = (instance: number, refreshToken: string, at = cinema) =>
  send(`${at.at(instance).url}/v1/accounts/refresh`, { method: 'POST', json: { refreshToken } });
const me = (instance: number, token: string, at = cinema) =>
  supertest(at.at(instance).url).get('/v1/accounts/me').set(bearer(token));

test('a refresh token made on one instance is exchanged on another, and its successor on a third', async () => {
  const ada = await registerAndLogIn(cinema.at(0));
  const first = await refresh(1, ada.refreshToken);
  const second = await refresh(2, first.body.refreshToken);
  assert.deepEqual([first.status, second.status], [200, 200]);
  await me(0, second.body.accessToken).expect(200);
});

test('twenty exchanges of one token at once on three instances get one answer, byte for byte', async () => {
  const ada = await registerAndLogIn(cinema.at(0));
  const answers = await crowd(20, (index) => refresh(index, ada.refreshToken));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
  const { accessToken, refreshToken } = answers[0]?.body ?? {};
  await me(1, accessToken).expect(200);
  assert.equal((await refresh(2, refreshToken)).status, 200);
});

test('a retry within the grace gets the same answer on another instance', async () => {
  const ada = await registerAndLogIn(cinema.at(0));
  const first = await refresh(0, ada.refreshToken);
  const retry = await refresh(1, ada.refreshToken);
  assert.deepEqual([retry.status, retry.text], [200, first.text]);
});

test('a token two generations old ends the login even within the grace', async () => {
  const ada = await registerAndLogIn(cinema.at(0));
  const first = await refresh(0, ada.refreshToken);
  await refresh(1, first.body.refreshToken);
  assert.equal((await refresh(2, ada.refreshToken)).body.code, 'refresh_token_reused');
});

test('without a grace a token that comes again ends its whole family on every instance', async () => {
  const ada = await registerAndLogIn(strict.at(0));
  const first = await refresh(0, ada.refreshToken, strict);
  const reused = await refresh(1, ada.refreshToken, strict);
  assert.deepEqual([reused.status, reused.body.code], [401, 'refresh_token_reused']);
  for (const instance of [0, 1, 2])
    for (const token of [ada.accessToken, first.body.accessToken])
      assert.equal((await me(instance, token, strict).expect(401)).body.code, 'login_ended');
  const heir = await refresh(2, first.body.refreshToken, strict);
  assert.deepEqual([heir.status, heir.body.code], [401, 'login_ended']);
});

test('without a grace only one of twenty exchanges at once is answered with tokens', async () => {
  const ada = await registerAndLogIn(strict.at(0));
  const answers = await crowd(20, (index) => refresh(index, ada.refreshToken, strict));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
});

test('a reused token ends its own login, not the others of the account', async () => {
  const ada = await registerAndLogIn(strict.at(0));
  const other = await logIn(strict.at(1), ada.email);
  await refresh(0, ada.refreshToken, strict);
  await refresh(0, ada.refreshToken, strict);
  await me(2, other.accessToken, strict).expect(200);
});

for (const [what, forge] of [
  ['with a later generation', (token: string) => token.replace(/\.0\./, '.1.')],
  ['with another user', (token: string) => token.replace(/^.{8}/, '01234567')],
  ['cut short', (token: string) => token.slice(0, -1)],
  ['that is an access token', (_token: string, access: string) => access.slice(0, 300)],
  ['that is garbage', () => 'garbage'],
] as const) {
  test(`a refresh token ${what} is refused and ends nothing`, async () => {
    const ada = await registerAndLogIn(cinema.at(0));
    const answer = await refresh(1, forge(ada.refreshToken, ada.accessToken));
    assert.deepEqual([answer.status, answer.body.code], [401, 'invalid_refresh_token']);
    assert.equal((await refresh(2, ada.refreshToken)).status, 200);
  });
}

test('logging out ends the tokens at once on every instance, and no other login', async () => {
  const ada = await registerAndLogIn(cinema.at(0));
  const other = await logIn(cinema.at(1), ada.email);
  for (const instance of [0, 1, 2]) await me(instance, ada.accessToken).expect(200);
  await supertest(cinema.at(0).url).post('/v1/accounts/logout').set(ada.auth).expect(204);
  for (const instance of [0, 1, 2]) await me(instance, ada.accessToken).expect(401);
  assert.equal((await refresh(1, ada.refreshToken)).body.code, 'login_ended');
  await me(2, other.accessToken).expect(200);
});

test('logging out everywhere ends every login of the account on every instance, and of nobody else', async () => {
  const ada = await registerAndLogIn(cinema.at(0));
  const ben = await registerAndLogIn(cinema.at(0));
  const other = await logIn(cinema.at(1), ada.email);
  await supertest(cinema.at(2).url).post('/v1/accounts/logout-everywhere').set(other.auth).expect(204);
  for (const instance of [0, 1, 2]) {
    await me(instance, ada.accessToken).expect(401);
    await me(instance, other.accessToken).expect(401);
  }
  await me(0, ben.accessToken).expect(200);
});

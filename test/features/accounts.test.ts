import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { type Cinema, openCinema } from '../support/cinema.ts';
import {
  logIn,
  makeStaff,
  openSession,
  PASSWORD,
  register,
  registerAndLogIn,
  uniqueEmail,
} from '../support/people.ts';

let cinema: Cinema;

before(async () => {
  cinema = await openCinema({ instances: 2 });
});
after(() => cinema.close());

const api = (instance = 0) => supertest(cinema.at(instance).url);
const me = (auth: Record<string, string>, instance = 0) => api(instance).get('/v1/accounts/me').set(auth);
const tryLogin = (email: string, password: string) =>
  api().post('/v1/accounts/login').send({ email, password });

test('who registers can log in and see their account', async () => {
  const { id, email, auth } = await registerAndLogIn(cinema.at(0));
  const { body } = await me(auth).expect(200);
  const { createdAt, ...account } = body;
  assert.deepEqual(account, { id, email, name: 'Ada', role: 'customer' });
  assert.ok(Date.parse(createdAt) <= Date.now());
});

test('an address is one account, whatever the case of its letters', async () => {
  const email = uniqueEmail();
  await register(cinema.at(0), email);
  const again = { email: ` ${email.toUpperCase()} `, name: 'Eve', password: PASSWORD };
  const { body } = await api().post('/v1/accounts').send(again).expect(409);
  assert.equal(body.code, 'email_taken');
  await logIn(cinema.at(0), email.toUpperCase());
});

test('of many who register one address at once, one succeeds', async () => {
  const email = uniqueEmail();
  const replies = await Promise.all(
    [0, 1, 0, 1, 0, 1].map((instance) =>
      api(instance).post('/v1/accounts').send({ email, name: 'Ada', password: PASSWORD }),
    ),
  );
  assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409]);
});

test('nobody makes themselves staff by registering', async () => {
  const body = { email: uniqueEmail(), name: 'Eve', password: PASSWORD, role: 'admin' };
  await api().post('/v1/accounts').send(body).expect(400);
});

test('a wrong password and an unknown address get the same answer', async () => {
  const { email } = await register(cinema.at(0));
  const wrong = await tryLogin(email, 'not the password').expect(401);
  const unknown = await tryLogin(uniqueEmail(), 'not the password').expect(401);
  const without = ({ requestId, ...problem }: Record<string, unknown>) => problem;
  assert.equal(wrong.body.code, 'wrong_credentials');
  assert.deepEqual(without(wrong.body), without(unknown.body));
});

test('no reply and no log line holds a password or its hash', async () => {
  const { email, auth } = await registerAndLogIn(cinema.at(0));
  const { text } = await me(auth).expect(200);
  await tryLogin(email, 'a wrong secret').expect(401);
  const said = text + cinema.instances.map(({ logs }) => logs.text()).join('');
  assert.doesNotMatch(said, /argon2|correct horse|a wrong secret/);
});

test('changing the password ends every login, on every instance, and the old password', async () => {
  const { email, auth, refreshToken } = await registerAndLogIn(cinema.at(0));
  const other = await logIn(cinema.at(1), email);
  const session = await openSession(cinema.at(1), email);
  const newPassword = 'a better battery staple';
  await api()
    .put('/v1/accounts/password')
    .set(auth)
    .send({ currentPassword: PASSWORD, newPassword })
    .expect(204);

  for (const instance of [0, 1])
    for (const proof of [auth, other.auth, session.headers]) await me(proof, instance).expect(401);
  await api(1).post('/v1/accounts/refresh').send({ refreshToken }).expect(401);
  await tryLogin(email, PASSWORD).expect(401);
  await logIn(cinema.at(1), email, newPassword);
});

test('changing the password needs the current one', async () => {
  const { email, auth } = await registerAndLogIn(cinema.at(0));
  const change = { currentPassword: 'not the password', newPassword: 'a better battery staple' };
  const { body } = await api().put('/v1/accounts/password').set(auth).send(change).expect(401);
  assert.equal(body.code, 'wrong_credentials');
  await me(auth).expect(200);
  await logIn(cinema.at(0), email);
});

test('routes of administrators refuse a customer and say which role they need', async () => {
  const { auth } = await registerAndLogIn(cinema.at(0));
  const { body } = await api().post('/v1/accounts/newsletters').set(auth).send({}).expect(403);
  assert.equal(body.code, 'role_required');
  assert.match(body.detail, /admin/);
});

test('staff are no administrators', async () => {
  const staff = await makeStaff(cinema);
  await api().get('/v1/accounts').set(staff.auth).expect(403);
  await api().put(`/v1/accounts/${staff.id}/role`).set(staff.auth).send({ role: 'admin' }).expect(403);
});

test('an administrator gives a role: the old logins end, the next one has it', async () => {
  const admin = await makeStaff(cinema, 'admin');
  const ada = await registerAndLogIn(cinema.at(0));
  const { body } = await api()
    .put(`/v1/accounts/${ada.id}/role`)
    .set(admin.auth)
    .send({ role: 'admin' })
    .expect(200);
  assert.equal(body.role, 'admin');
  await me(ada.auth, 1).expect(401);
  const { auth } = await logIn(cinema.at(1), ada.email);
  await api(1).post('/v1/accounts/newsletters').set(auth).send({}).expect(400);
});

test('an administrator sees all accounts, page by page, each once', async () => {
  const admin = await makeStaff(cinema, 'admin');
  const { rows } = await cinema.database.query('select id from accounts.users order by id');
  const seen: string[] = [];
  let cursor = '';
  do {
    const { body } = await api().get(`/v1/accounts?limit=3${cursor}`).set(admin.auth).expect(200);
    seen.push(...body.items.map(({ id }: { id: string }) => id));
    cursor = body.nextCursor && `&cursor=${body.nextCursor}`;
  } while (cursor);
  assert.deepEqual(
    seen,
    rows.map(({ id }) => id),
  );
});

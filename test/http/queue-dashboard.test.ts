import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { makeStaff, openSession } from '../support/people.ts';

let cinema: Cinema;
before(async () => {
  cinema = await openCinema();
});
after(() => cinema.close());

const board = (path = '/') => supertest(cinema.at(0).url).get(`/admin/queues${path}`);

test('administrators see the queues, by session and by token', async () => {
  const admin = await makeStaff(cinema, 'admin');
  const { headers } = await openSession(cinema.at(0), admin.email);
  for (const who of [headers, admin.auth]) {
    const { body } = await board('/api/queues').set(who).expect(200);
    const names = body.queues.map((queue: { name: string }) => queue.name);
    for (const feature of ['accounts', 'catalog', 'tickets', 'grocery'])
      for (const lane of ['urgent', 'bulk']) assert.ok(names.includes(`${feature}-${lane}`), names.join());
  }
});

test('nobody else sees them', async () => {
  const staff = await makeStaff(cinema, 'staff');
  assert.equal((await board().expect(401)).body.code, 'unauthenticated');
  assert.equal((await board().set(staff.auth).expect(403)).body.code, 'role_required');
});

test('its page may run its own scripts only, and all of them load', async () => {
  const { auth } = await makeStaff(cinema, 'admin');
  const page = await board().set(auth).expect(200);
  assert.match(String(page.headers['content-security-policy']), /script-src 'self';/);
  const scripts = [...page.text.matchAll(/<script[^>]+src="([^"]+)"/g)].map((match) => match[1]);
  assert.ok(scripts.length > 0);
  for (const script of scripts) await board(`/${script}`).set(auth).expect(200);
});

test('a write with the session needs the browser’s word that it is from the same origin, or the token', async () => {
  const admin = await makeStaff(cinema, 'admin');
  const { cookie } = (await openSession(cinema.at(0), admin.email)) as { cookie: string };
  const pause = () =>
    supertest(cinema.at(0).url).put('/admin/queues/api/queues/accounts-bulk/pause').set('Cookie', cookie);
  assert.equal((await pause().expect(403)).body.code, 'csrf_token_invalid');
  await pause().set('Sec-Fetch-Site', 'cross-site').expect(403);
  await pause().set('Sec-Fetch-Site', 'same-origin').expect(200);
});

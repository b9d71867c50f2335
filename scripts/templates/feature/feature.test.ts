import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { type Cinema, openCinema } from '../../../test/support/cinema.ts';
import { type Person, registerAndLogIn } from '../../../test/support/people.ts';

let cinema: Cinema;
let ada: Person;

before(async () => {
  cinema = await openCinema({ instances: 2 });
  ada = await registerAndLogIn(cinema.at(0));
});
after(() => cinema.close());

const api = (index = 0) => supertest(cinema.at(index).url);
const add = (name: string, { who = ada, index = 0, key = randomUUID() as string } = {}) =>
  api(index).post('/v1/things').set(who.auth).set('Idempotency-Key', key).send({ name });

test('what was added is found where its Location says, from any instance', async () => {
  const { body, headers } = await add('First').expect(201);
  assert.equal(headers.location, `/v1/things/${body.id}`);
  const found = await api(1).get(`/v1/things/${body.id}`).set(ada.auth).expect(200);
  assert.deepEqual(found.body, { id: body.id, name: 'First' });
});

test('the same key gives the same answer from another instance, and adds nothing twice', async () => {
  const key = randomUUID();
  const first = await add('Once', { key }).expect(201);
  const again = await add('Once', { key, index: 1 }).expect(201);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.deepEqual(again.body, first.body);
});

test('a name is given once by each user', async () => {
  await add('Mine').expect(201);
  const { body } = await add('Mine').expect(409);
  assert.equal(body.code, 'thing_exists');
  await add('Mine', { who: await registerAndLogIn(cinema.at(0)) }).expect(201);
});

test('nobody sees what is another’s', async () => {
  const { body } = await add('Secret').expect(201);
  const other = await registerAndLogIn(cinema.at(0));
  await api().get(`/v1/things/${body.id}`).set(other.auth).expect(404);
  const list = await api().get('/v1/things').set(other.auth).expect(200);
  assert.deepEqual(list.body.items, []);
});

test('mine come page by page, the newest first', async () => {
  const who = await registerAndLogIn(cinema.at(0));
  const added = [];
  for (const name of ['a', 'b', 'c']) added.push((await add(name, { who }).expect(201)).body);
  const first = await api().get('/v1/things?limit=2').set(who.auth).expect(200);
  const second = await api(1)
    .get(`/v1/things?limit=2&cursor=${first.body.nextCursor}`)
    .set(who.auth)
    .expect(200);
  assert.deepEqual([...first.body.items, ...second.body.items], added.toReversed());
  assert.equal(second.body.nextCursor, null);
});

test('without a login nothing is told, and without a name nothing is added', async () => {
  await api().get('/v1/things').expect(401);
  await api().post('/v1/things').set(ada.auth).send({}).expect(400);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { createCatalogCache } from '../../src/features/catalog/cache.ts';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { makeStaff, type Person, registerAndLogIn } from '../support/people.ts';
import { addScreening } from '../support/supplies.ts';

let cinema: Cinema;
let staff: Person;

before(async () => {
  cinema = await openCinema({ instances: 2 });
  staff = await makeStaff(cinema);
});
after(() => cinema.close());

const api = (index = 0) => supertest(cinema.at(index).url);
const movie = (title: string) => ({ title, description: 'About it.', minutes: 90 });
const addMovie = async (title: string, index = 0): Promise<string> => {
  const { body } = await api(index).post('/v1/catalog/movies').set(staff.auth).send(movie(title)).expect(201);
  return body.id;
};
const soon = (hours = 24) => new Date(Date.now() + hours * 3_600_000).toISOString();

test('staff add a movie and a screening, which everybody reads', async () => {
  const movieId = await addMovie('Playtime');
  const input = { movieId, auditorium: 'Hall 1', startsAt: soon(), rows: 3, seatsPerRow: 4, priceCents: 900 };
  const { body, headers } = await api()
    .post('/v1/catalog/screenings')
    .set(staff.auth)
    .send(input)
    .expect(201);
  const read = await api(1).get(String(headers.location)).expect(200);
  assert.deepEqual(read.body, body);
  const list = await api(1).get('/v1/catalog/screenings').query({ movieId }).expect(200);
  assert.deepEqual(list.body, { items: [body], nextCursor: null });
});

test('customers and strangers write nothing', async () => {
  const customer = await registerAndLogIn(cinema.at(0));
  const refused = await api().post('/v1/catalog/movies').set(customer.auth).send(movie('No')).expect(403);
  assert.equal(refused.body.code, 'role_required');
  await api().post('/v1/catalog/movies').send(movie('No')).expect(401);
});

test('an auditorium shows one screening at a time', async () => {
  const movieId = await addMovie('Twice');
  const input = { movieId, auditorium: 'Hall 9', startsAt: soon(30), rows: 1, seatsPerRow: 1, priceCents: 1 };
  await api().post('/v1/catalog/screenings').set(staff.auth).send(input).expect(201);
  const refused = await api().post('/v1/catalog/screenings').set(staff.auth).send(input).expect(409);
  assert.equal(refused.body.code, 'auditorium_taken');
});

test('a reader that has the current state gets 304 without a body', async () => {
  const id = await addMovie('Stalker');
  const { headers } = await api().get(`/v1/catalog/movies/${id}`).expect(200);
  assert.match(String(headers['cache-control']), /public, no-cache/);
  for (const known of [headers.etag, `W/${headers.etag}`, `"other", ${headers.etag}`, '*']) {
    const reply = await api(1)
      .get(`/v1/catalog/movies/${id}`)
      .set('If-None-Match', String(known))
      .expect(304);
    assert.equal(reply.text, '');
    assert.equal(reply.headers.etag, headers.etag);
  }
  await api().get(`/v1/catalog/movies/${id}`).set('If-None-Match', '"other"').expect(200);
});

test('a change made on one instance is seen on the other at once', async () => {
  const id = await addMovie('Before');
  for (const index of [0, 1]) await api(index).get(`/v1/catalog/movies/${id}`).expect(200);
  await api(0).put(`/v1/catalog/movies/${id}`).set(staff.auth).send(movie('After')).expect(200);
  const { body } = await api(1).get(`/v1/catalog/movies/${id}`).expect(200);
  assert.equal(body.title, 'After');
});

test('repeated reads come from the cache', async () => {
  const id = await addMovie('Cached');
  await api().get(`/v1/catalog/movies/${id}`).expect(200);
  await cinema.database.query(`update catalog.movies set title = 'Changed behind' where id = $1`, [id]);
  const { body } = await api(1).get(`/v1/catalog/movies/${id}`).expect(200);
  assert.equal(body.title, 'Cached');
});

test('a slow reader does not fill the cache with what a write has replaced', async () => {
  const cache = createCatalogCache(cinema.redis);
  const stale = await cache.get('race', async () => {
    await cache.invalidate(); // the write, after this reader has read
    return 'old';
  });
  assert.equal(stale.json, '"old"');
  const next = await cache.get('race', async () => 'new');
  assert.equal(next.json, '"new"');
  assert.equal((await cache.get('race', async () => 'unread')).json, '"new"');
});

test('pages visit every screening once, also while others are added', async () => {
  const expected = new Set<string>();
  for (let index = 0; index < 25; index += 1) expected.add(await addScreening(cinema.database));
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const query: Record<string, string> = { limit: '4', ...(cursor && { cursor }) };
    const { body } = await api(seen.length).get('/v1/catalog/screenings').query(query).expect(200);
    seen.push(...body.items.map((item: { id: string }) => item.id));
    cursor = body.nextCursor;
    await addScreening(cinema.database, { startsAt: new Date(Date.now() + 3_600_000) }); // before all others
  } while (cursor);
  assert.equal(new Set(seen).size, seen.length);
  for (const id of expected) assert.ok(seen.includes(id));
});

test('what does not exist is 404, and is not cached', async () => {
  const id = crypto.randomUUID();
  const { body } = await api().get(`/v1/catalog/movies/${id}`).expect(404);
  assert.equal(body.code, 'not_found');
  await api().put(`/v1/catalog/movies/${id}`).set(staff.auth).send(movie('None')).expect(404);
});

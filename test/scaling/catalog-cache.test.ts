import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import supertest from 'supertest';
import { createCatalogCache } from '../../src/features/catalog/cache.ts';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { holdLock } from '../support/locks.ts';
import { makeStaff, type Person } from '../support/people.ts';
import { sharedRedisUrl, uniqueName } from '../support/servers.ts';

let cinema: Cinema;
let staff: Person;

before(async () => {
  cinema = await openCinema({ instances: 2 });
  staff = await makeStaff(cinema);
});
after(() => cinema.close());

const api = (instance: number) => supertest(cinema.at(instance).url);
const MOVIE = { title: 'Stalker', description: 'A zone.', minutes: 162 };
const addMovie = async () =>
  (await api(0).post('/v1/catalog/movies').set(staff.auth).send(MOVIE).expect(201)).body.id as string;
const change = (instance: number, id: string, title: string) =>
  api(instance)
    .put(`/v1/catalog/movies/${id}`)
    .set(staff.auth)
    .send({ ...MOVIE, title });
const titleAt = async (instance: number, id: string) =>
  (await api(instance).get(`/v1/catalog/movies/${id}`).expect(200)).body.title;

test('what one instance has read, another answers without the database', async () => {
  const id = await addMovie();
  await titleAt(0, id);
  await cinema.database.query(`update catalog.movies set title = 'Unseen' where id = $1`, [id]);
  assert.equal(await titleAt(1, id), 'Stalker');
});

test('a write through one instance is seen through the other at once, in each list too', async () => {
  const id = await addMovie();
  for (const instance of [0, 1]) await titleAt(instance, id);
  await change(0, id, 'Mirror').expect(200);
  assert.equal(await titleAt(1, id), 'Mirror');
  const before = (await api(1).get('/v1/catalog/movies?limit=100').expect(200)).body.items.length;
  await addMovie();
  const after = (await api(1).get('/v1/catalog/movies?limit=100').expect(200)).body.items.length;
  assert.equal(after, before + 1);
});

test('what is cached is forgotten after half a minute, whatever happens to the writer', async () => {
  await titleAt(0, await addMovie());
  const seconds = await cinema.redis.ttl('cache:{catalog}');
  assert.ok(seconds > 0 && seconds <= 25, 'and 5 s in the memory of an instance');
});

test('a reader that is overtaken by a write does not leave the old state in the cache', async () => {
  const redis = new Redis(sharedRedisUrl(), { keyPrefix: `${uniqueName('test')}:` });
  try {
    const cache = createCatalogCache(redis);
    const overtaken = await cache.get('/movies/1', async () => {
      await cache.invalidate(); // the write commits, and forgets, while this reader still holds what it read before
      return 'old';
    });
    assert.equal(overtaken.json, '"old"');
    assert.equal((await cache.get('/movies/1', async () => 'new')).json, '"new"');
    assert.equal((await cache.get('/movies/1', async () => 'newer')).json, '"new"');
  } finally {
    redis.disconnect();
  }
});

test('a write that is refused changes nothing that is cached', async () => {
  const id = await addMovie();
  const tag = (await api(0).get(`/v1/catalog/movies/${id}`)).headers.etag ?? '';
  await change(1, id, '').expect(400);
  await api(0).get(`/v1/catalog/movies/${id}`).set('If-None-Match', tag).expect(304);
});

test('a reader does not wait for a write in flight, and the next one after its commit sees it', async () => {
  const id = await addMovie();
  const lock = await holdLock(cinema.database, 'select 1 from catalog.movies where id = $1 for update', [id]);
  const writing = change(0, id, 'Nostalghia').then((reply) => reply);
  await lock.waiters(1);
  assert.equal(await titleAt(1, id), 'Stalker');
  await lock.release();
  assert.equal((await writing).status, 200);
  assert.equal(await titleAt(1, id), 'Nostalghia');
});

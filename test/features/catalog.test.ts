import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { makeStaff, type Person, registerAndLogIn } from '../support/people.ts';
import { addScreening, countRows } from '../support/supplies.ts';

let cinema: Cinema;
let staff: Person;

before(async () => {
  cinema = await openCinema();
  staff = await makeStaff(cinema);
});
after(() => cinema.close());

const api = () => supertest(cinema.at(0).url);
const MOVIE = { title: 'Stalker', description: 'A zone.', minutes: 162 };
const addMovie = (who = staff, movie: object = MOVIE) =>
  api().post('/v1/catalog/movies').set(who.auth).send(movie);
const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();
const addByRoute = (screening: object) =>
  api()
    .post('/v1/catalog/screenings')
    .set(staff.auth)
    .send({
      auditorium: randomUUID(),
      startsAt: tomorrow(),
      rows: 2,
      seatsPerRow: 2,
      priceCents: 1,
      ...screening,
    });

test('staff add a movie and a screening of it, which anybody finds', async () => {
  const movie = await addMovie().expect(201);
  assert.equal(movie.headers.location, `/v1/catalog/movies/${movie.body.id}`);
  const screening = await addByRoute({ movieId: movie.body.id }).expect(201);
  assert.deepEqual(
    (
      await api()
        .get(movie.headers.location ?? '')
        .expect(200)
    ).body,
    movie.body,
  );
  assert.deepEqual(
    (
      await api()
        .get(screening.headers.location ?? '')
        .expect(200)
    ).body,
    screening.body,
  );
  const list = await api().get(`/v1/catalog/screenings?movieId=${movie.body.id}`).expect(200);
  assert.deepEqual(list.body.items, [screening.body]);
});

test('customers add and change nothing', async () => {
  const ada = await registerAndLogIn(cinema.at(0));
  const { body } = await addMovie().expect(201);
  const before = await countRows(cinema.database, 'catalog.movies');
  await addMovie(ada).expect(403);
  await api().put(`/v1/catalog/movies/${body.id}`).set(ada.auth).send(MOVIE).expect(403);
  await api().post('/v1/catalog/movies').send(MOVIE).expect(401);
  assert.equal(await countRows(cinema.database, 'catalog.movies'), before);
});

test('a changed movie is read as changed; an unknown one is 404', async () => {
  const { body } = await addMovie().expect(201);
  const changed = { ...MOVIE, title: 'Mirror' };
  await api().put(`/v1/catalog/movies/${body.id}`).set(staff.auth).send(changed).expect(200);
  const read = await api().get(`/v1/catalog/movies/${body.id}`).expect(200);
  assert.deepEqual(read.body, { id: body.id, ...changed });
  await api().put(`/v1/catalog/movies/${randomUUID()}`).set(staff.auth).send(changed).expect(404);
  await api().get(`/v1/catalog/movies/${randomUUID()}`).expect(404);
});

test('an auditorium shows one screening at a time, and none of an unknown movie or in the past', async () => {
  const movieId = (await addMovie().expect(201)).body.id;
  const slot = { movieId, auditorium: 'Hall 1', startsAt: tomorrow() };
  await addByRoute(slot).expect(201);
  assert.equal((await addByRoute(slot).expect(409)).body.code, 'auditorium_taken');
  await addByRoute({ movieId: randomUUID() }).expect(404);
  await addByRoute({ movieId, startsAt: new Date(Date.now() - 1_000).toISOString() }).expect(400);
});

for (const [startsAt, utc] of [
  ['2090-05-05T20:00:00+23:00', '2090-05-04T21:00:00'],
  ['2090-05-05T20:00:00.123456789-05:00', '2090-05-06T01:00:00.123'],
] as const) {
  test(`a screening at ${startsAt} starts at that instant`, async () => {
    const movieId = (await addMovie().expect(201)).body.id;
    const { body } = await addByRoute({ movieId, startsAt }).expect(201);
    assert.equal(Date.parse(body.startsAt), Date.parse(`${utc}Z`));
  });
}

test('a reply comes with a tag, and a client that has it is told that nothing changed', async () => {
  const { body } = await addMovie().expect(201);
  const path = `/v1/catalog/movies/${body.id}`;
  const { headers } = await api().get(path).expect(200);
  const tag = headers.etag ?? '';
  assert.match(tag, /^"[\w-]+"$/);
  assert.equal(headers['cache-control'], 'public, no-cache');
  for (const known of [tag, `W/${tag}`, `"other", ${tag}`, `"other",W/${tag}`, '*']) {
    const reply = await api().get(path).set('If-None-Match', known).expect(304);
    assert.equal(reply.text, '', known);
    assert.equal(reply.headers.etag, tag);
  }
  await api().get(path).set('If-None-Match', '"other"').expect(200);
  await api()
    .put(path)
    .set(staff.auth)
    .send({ ...MOVIE, minutes: 1 })
    .expect(200);
  await api().get(path).set('If-None-Match', tag).expect(200);
});

const walk = async (path: string, afterPage: () => Promise<unknown> = async () => {}) => {
  const seen: string[] = [];
  let cursor = '';
  do {
    const { body } = await api().get(`${path}?limit=7${cursor}`).expect(200);
    seen.push(...body.items.map(({ id }: { id: string }) => id));
    cursor = body.nextCursor && `&cursor=${body.nextCursor}`;
    await afterPage();
  } while (cursor);
  return seen;
};

test('the pages of movies visit each once, also while movies are added', async () => {
  const there: string[] = [];
  for (let count = 0; count < 30; count += 1) there.push((await addMovie().expect(201)).body.id);
  let added = 0;
  const seen = await walk('/v1/catalog/movies', async () => {
    if (added++ < 3) await addMovie().expect(201);
  });
  assert.equal(new Set(seen).size, seen.length);
  assert.deepEqual(
    seen.filter((id) => there.includes(id)),
    there,
  );
});

test('the pages of screenings go by time, visit each once even where many start together, and leave out the past', async () => {
  const base = Date.now() + 3_600_000;
  const there: string[] = [];
  for (let index = 0; index < 30; index += 1)
    there.push(
      await addScreening(cinema.database, { startsAt: new Date(base + Math.floor(index / 10) * 1_000) }),
    );
  // Times with microseconds, which JavaScript's dates would cut off.
  await cinema.database.query(
    `update catalog.screenings set starts_at = starts_at + interval '7 microseconds'`,
  );
  const past = await addScreening(cinema.database, { startsAt: new Date(Date.now() - 1_000) });
  const seen = await walk('/v1/catalog/screenings');
  assert.equal(new Set(seen).size, seen.length);
  const { rows } = await cinema.database.query(
    'select id from catalog.screenings where starts_at > now() order by starts_at, id',
  );
  assert.deepEqual(
    seen,
    rows.map(({ id }) => id),
  );
  assert.ok(there.every((id) => seen.includes(id)));
  assert.ok(!seen.includes(past));
});

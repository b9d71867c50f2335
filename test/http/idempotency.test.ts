import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { makeStaff, PASSWORD, type Person, registerAndLogIn, uniqueEmail } from '../support/people.ts';
import { send } from '../support/send.ts';
import { addProduct, addScreening, countRows, lockProduct } from '../support/supplies.ts';

let cinema: Cinema;
let ada: Person;
let ben: Person;

before(async () => {
  cinema = await openCinema({ instances: 2 });
  ada = await registerAndLogIn(cinema.at(0));
  ben = await registerAndLogIn(cinema.at(0));
});
after(() => cinema.close());

const post = (instance: number, path: string, key: string, json: unknown, who: Person | undefined = ada) =>
  send(`${cinema.at(instance).url}/v1${path}`, {
    method: 'POST',
    headers: { ...who?.auth, 'Idempotency-Key': key },
    json,
  });
const buy = (instance: number, key: string, screeningId: string, seats: string[], who = ada) =>
  post(instance, '/tickets/purchases', key, { screeningId, seats }, who);
const order = (instance: number, key: string, productId: string) =>
  post(instance, '/grocery/orders', key, { items: [{ productId, quantity: 1 }] });

test('the same key on another instance gets the stored answer, byte for byte, and nothing is made twice', async () => {
  const screeningId = await addScreening(cinema.database);
  const key = randomUUID();
  const first = await buy(0, key, screeningId, ['A1', 'A2']);
  const before = await countRows(cinema.database, 'tickets.purchases');
  const second = await buy(1, key, screeningId, ['A1', 'A2']);
  assert.deepEqual([first.status, second.status], [201, 201]);
  assert.equal(second.text, first.text);
  assert.equal(second.headers.get('location'), first.headers.get('location'));
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.equal(second.headers.get('idempotency-replayed'), 'true');
  assert.equal(await countRows(cinema.database, 'tickets.purchases'), before);
});

test('every POST that creates honours the key', async () => {
  const staff = await makeStaff(cinema);
  const movie = { title: 'Solaris', description: 'A station.', minutes: 167 };
  const { body } = await post(0, '/catalog/movies', randomUUID(), movie, staff);
  const productId = await addProduct(cinema.database, 10);
  const startsAt = new Date(Date.now() + 3_600_000).toISOString();
  const creations: [path: string, json: object, who: Person | undefined][] = [
    ['/accounts', { email: uniqueEmail(), name: 'Eve', password: PASSWORD }, undefined],
    ['/catalog/movies', movie, staff],
    [
      '/catalog/screenings',
      { movieId: body.id, auditorium: 'Hall 1', startsAt, rows: 5, seatsPerRow: 5, priceCents: 1 },
      staff,
    ],
    ['/grocery/products', { name: randomUUID(), priceCents: 1, stock: 1 }, staff],
    [`/grocery/products/${productId}/deliveries`, { quantity: 5 }, staff],
    ['/grocery/orders', { items: [{ productId, quantity: 1 }] }, ada],
  ];
  for (const [path, json, who] of creations) {
    const key = randomUUID();
    const first = await post(0, path, key, json, who);
    const second = await post(1, path, key, json, who);
    assert.equal(first.status, 201, path);
    assert.deepEqual([second.status, second.text], [201, first.text], path);
    assert.equal(second.headers.get('idempotency-replayed'), 'true', path);
  }
});

test('the same key with another body is refused and makes nothing', async () => {
  const screeningId = await addScreening(cinema.database);
  const key = randomUUID();
  await buy(0, key, screeningId, ['B1']);
  const before = await countRows(cinema.database, 'tickets.purchases');
  const other = await buy(1, key, screeningId, ['B2']);
  assert.deepEqual([other.status, other.body.code], [422, 'idempotency_key_reused']);
  assert.equal(await countRows(cinema.database, 'tickets.purchases'), before);
});

test('a twin of a request in flight is told to come back, and gets the answer when it does', async () => {
  const productId = await addProduct(cinema.database, 5);
  const key = randomUUID();
  const lock = await lockProduct(cinema.database, productId);
  const first = order(0, key, productId);
  await lock.waiters(1);
  const twin = await order(1, key, productId);
  await lock.release();
  assert.deepEqual([twin.status, twin.body.code], [409, 'idempotency_key_in_use']);
  assert.equal(twin.headers.get('retry-after'), '1');
  const answer = await first;
  assert.equal(answer.status, 201);
  assert.equal((await order(1, key, productId)).text, answer.text);
});

test('a refusal is an answer too: it is repeated even when the request could succeed by now', async () => {
  const screeningId = await addScreening(cinema.database);
  const taken = await buy(0, randomUUID(), screeningId, ['C1'], ben);
  const key = randomUUID();
  const refused = await buy(0, key, screeningId, ['C1', 'C2']);
  assert.deepEqual([refused.status, refused.body.code], [409, 'seats_taken']);
  await send(`${cinema.at(0).url}/v1/tickets/purchases/${taken.body.id}/cancel`, {
    method: 'POST',
    headers: ben.auth,
  });
  const repeated = await buy(1, key, screeningId, ['C1', 'C2']);
  assert.deepEqual([repeated.status, repeated.body.code], [409, 'seats_taken']);
  assert.deepEqual(repeated.body.seats, ['C1']);
  assert.equal((await buy(1, randomUUID(), screeningId, ['C1', 'C2'])).status, 201);
});

test('a purchase is repeated to its buyer even after the screening has started', async () => {
  const screeningId = await addScreening(cinema.database);
  const key = randomUUID();
  const first = await buy(0, key, screeningId, ['D1']);
  await cinema.database.query(`update catalog.screenings set starts_at = now() where id = $1`, [screeningId]);
  const second = await buy(1, key, screeningId, ['D1']);
  assert.deepEqual([second.status, second.text], [201, first.text]);
});

test('two users may use the same key', async () => {
  const screeningId = await addScreening(cinema.database);
  const key = randomUUID();
  const mine = await buy(0, key, screeningId, ['E1'], ada);
  const theirs = await buy(0, key, screeningId, ['E2'], ben);
  assert.deepEqual([mine.status, theirs.status], [201, 201]);
  assert.notEqual(mine.body.id, theirs.body.id);
});

test('a key is the same quoted, as the draft writes it, and bare', async () => {
  const productId = await addProduct(cinema.database, 5);
  const key = randomUUID();
  const bare = await order(0, key, productId);
  const quoted = await order(1, `"${key}"`, productId);
  assert.equal(quoted.text, bare.text);
});

for (const [what, key] of [
  ['empty', ''],
  ['empty in quotes', '""'],
  ['too long', 'k'.repeat(256)],
  ['not ASCII', 'schlüssel'],
  ['half quoted', '"key'],
] as const) {
  test(`a key that is ${what} is refused`, async () => {
    const productId = await addProduct(cinema.database, 5);
    const { status, body } = await order(0, key, productId);
    assert.deepEqual([status, body.code], [400, 'invalid_idempotency_key']);
  });
}

test('what breaks on our side is not stored, so that the retry may succeed', async () => {
  const productId = await addProduct(cinema.database, 5);
  const key = randomUUID();
  await cinema.database.query('alter table grocery.orders rename to orders_away');
  const broken = await order(0, key, productId);
  await cinema.database.query('alter table grocery.orders_away rename to orders');
  assert.deepEqual([broken.status, broken.body.code], [500, 'internal_error']);
  assert.equal((await order(1, key, productId)).status, 201);
  const { rows } = await cinema.database.query('select stock from grocery.products where id = $1', [
    productId,
  ]);
  assert.equal(rows[0].stock, 4);
});

test('the stored request cannot be guessed from the table: it is a keyed code, not the body', async () => {
  const password = 'a password nobody stores';
  const key = randomUUID();
  await post(0, '/accounts', key, { email: uniqueEmail(), name: 'Eve', password }, undefined);
  const { rows } = await cinema.database.query('select * from accounts.idempotency_keys where key = $1', [
    key,
  ]);
  assert.equal(rows[0].fingerprint.length, 32);
  assert.ok(!JSON.stringify(rows[0]).includes(password));
});

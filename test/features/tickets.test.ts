import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { type Person, registerAndLogIn } from '../support/people.ts';
import { addScreening } from '../support/supplies.ts';

let cinema: Cinema;
let ada: Person;
let ben: Person;

before(async () => {
  cinema = await openCinema();
  ada = await registerAndLogIn(cinema.at(0));
  ben = await registerAndLogIn(cinema.at(0));
});
after(() => cinema.close());

const api = () => supertest(cinema.at(0).url);
const buy = (who: Person, screeningId: string, seats: unknown) =>
  api().post('/v1/tickets/purchases').set(who.auth).send({ screeningId, seats });
const cancel = (who: Person, id: string) => api().post(`/v1/tickets/purchases/${id}/cancel`).set(who.auth);
const soldSeats = async (screeningId: string) => {
  const { body } = await api().get(`/v1/tickets/screenings/${screeningId}/seats`).expect(200);
  const seats: { seat: string; sold: boolean }[] = body.seats;
  return seats.filter(({ sold }) => sold).map(({ seat }) => seat);
};

test('the seat map shows every seat of the auditorium, and which are sold', async () => {
  const screeningId = await addScreening(cinema.database, { rows: 2, seatsPerRow: 3, priceCents: 900 });
  await buy(ada, screeningId, ['B2']).expect(201);
  const { body } = await api().get(`/v1/tickets/screenings/${screeningId}/seats`).expect(200);
  assert.deepEqual(body, {
    screeningId,
    priceCents: 900,
    seats: [
      { seat: 'A1', sold: false, held: false },
      { seat: 'A2', sold: false, held: false },
      { seat: 'A3', sold: false, held: false },
      { seat: 'B1', sold: false, held: false },
      { seat: 'B2', sold: true, held: false },
      { seat: 'B3', sold: false, held: false },
    ],
  });
});

test('several seats are bought in one purchase, which the buyer finds again', async () => {
  const screeningId = await addScreening(cinema.database, { priceCents: 1_100 });
  const { body, headers } = await buy(ada, screeningId, ['C7', 'C8', 'C9']).expect(201);
  assert.equal(body.totalCents, 3_300);
  assert.deepEqual(body.seats, ['C7', 'C8', 'C9']);
  const found = await api().get(String(headers.location)).set(ada.auth).expect(200);
  assert.deepEqual(found.body, body);
});

test('a purchase that finds a seat taken gets none of its seats and names the taken ones', async () => {
  const screeningId = await addScreening(cinema.database);
  await buy(ada, screeningId, ['A1', 'A2']).expect(201);
  const refused = await buy(ben, screeningId, ['A3', 'A2', 'A1']).expect(409);
  assert.equal(refused.body.code, 'seats_taken');
  assert.deepEqual(refused.body.seats, ['A1', 'A2']);
  assert.deepEqual(await soldSeats(screeningId), ['A1', 'A2']);
  const mine = await api().get('/v1/tickets/purchases').set(ben.auth).expect(200);
  assert.equal(mine.body.items.length, 0);
});

test('cancelling frees the seats for others', async () => {
  const screeningId = await addScreening(cinema.database);
  const { body } = await buy(ada, screeningId, ['D1']).expect(201);
  await cancel(ada, body.id).expect(200);
  assert.deepEqual(await soldSeats(screeningId), []);
  await buy(ben, screeningId, ['D1']).expect(201);
});

test('cancelling twice answers the same, and does not free what was sold since', async () => {
  const screeningId = await addScreening(cinema.database);
  const { body } = await buy(ada, screeningId, ['D1']).expect(201);
  const once = await cancel(ada, body.id).expect(200);
  await buy(ben, screeningId, ['D1']).expect(201);
  const twice = await cancel(ada, body.id).expect(200);
  assert.deepEqual(twice.body, once.body);
  assert.deepEqual(await soldSeats(screeningId), ['D1']);
});

test("somebody else's purchase cannot be seen or cancelled", async () => {
  const screeningId = await addScreening(cinema.database);
  const { body } = await buy(ada, screeningId, ['E5']).expect(201);
  await api().get(`/v1/tickets/purchases/${body.id}`).set(ben.auth).expect(404);
  await cancel(ben, body.id).expect(404);
  assert.deepEqual(await soldSeats(screeningId), ['E5']);
});

test('seats of a screening that has started are not sold', async () => {
  const screeningId = await addScreening(cinema.database, { startsAt: new Date(Date.now() - 1_000) });
  const { body } = await buy(ada, screeningId, ['A1']).expect(409);
  assert.equal(body.code, 'screening_started');
});

test('a purchase cannot be cancelled once the screening has started', async () => {
  const screeningId = await addScreening(cinema.database);
  const { body } = await buy(ada, screeningId, ['A1']).expect(201);
  await cinema.database.query(`update tickets.purchases set starts_at = now() where id = $1`, [body.id]);
  const refused = await cancel(ada, body.id).expect(409);
  assert.equal(refused.body.code, 'screening_started');
  assert.deepEqual(await soldSeats(screeningId), ['A1']);
});

test('seats that the auditorium does not have are refused by name', async () => {
  const screeningId = await addScreening(cinema.database, { rows: 2, seatsPerRow: 10 });
  const { body } = await buy(ada, screeningId, ['A10', 'A11', 'B1', 'C1']).expect(422);
  assert.equal(body.code, 'no_such_seat');
  assert.deepEqual(body.seats, ['A11', 'C1']);
});

test('a screening that does not exist is 404', async () => {
  await buy(ada, randomUUID(), ['A1']).expect(404);
  await api().get(`/v1/tickets/screenings/${randomUUID()}/seats`).expect(404);
});

for (const [what, seats] of [
  ['a seat named twice', ['A1', 'A1']],
  ['no seat', []],
  ['more than ten seats', Array.from({ length: 11 }, (_, index) => `A${index + 1}`)],
  ['something that is no seat', ['a1']],
] as const) {
  test(`a purchase of ${what} is refused as invalid`, async () => {
    const screeningId = await addScreening(cinema.database, { seatsPerRow: 20 });
    const { body } = await buy(ada, screeningId, seats).expect(400);
    assert.equal(body.code, 'invalid_request');
  });
}

test('my tickets come page by page, the newest first, and only mine', async () => {
  const carl = await registerAndLogIn(cinema.at(0));
  const screeningId = await addScreening(cinema.database);
  const bought: string[] = [];
  for (const seat of ['A1', 'A2', 'A3', 'A4', 'A5'])
    bought.push((await buy(carl, screeningId, [seat]).expect(201)).body.id);
  await buy(ben, screeningId, ['A6']).expect(201);

  const seen: string[] = [];
  let cursor = '';
  do {
    const { body } = await api().get(`/v1/tickets/purchases?limit=2${cursor}`).set(carl.auth).expect(200);
    seen.push(...body.items.map((purchase: { id: string }) => purchase.id));
    cursor = body.nextCursor && `&cursor=${body.nextCursor}`;
  } while (cursor);
  assert.deepEqual(seen, bought.toReversed());
});

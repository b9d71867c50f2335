import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { type Person, registerAndLogIn } from '../support/people.ts';
import { send, tally } from '../support/send.ts';
import { addScreening, type ScreeningOptions } from '../support/supplies.ts';

let cinema: Cinema;
let ada: Person;
let ben: Person;

before(async () => {
  cinema = await openCinema({ instances: 2, env: { HOLD_SECONDS: '60', HOLD_SEATS_PER_USER: '4' } });
  ada = await registerAndLogIn(cinema.at(0));
  ben = await registerAndLogIn(cinema.at(1));
});
after(() => cinema.close());

/** Each of the two goes to an instance of their own. */
const tickets = (path: string, who: Person, method = 'GET', json?: unknown) =>
  send(`${cinema.at(who === ada ? 0 : 1).url}/v1/tickets${path}`, { method, headers: who.auth, json });
const hold = (who: Person, screening: string, ...seats: string[]) =>
  tickets(`/screenings/${screening}/holds`, who, 'POST', { seats });
const release = (who: Person, screening: string, seat = '') =>
  tickets(`/screenings/${screening}/holds${seat && `/${seat}`}`, who, 'DELETE');
const buy = (who: Person, screeningId: string, ...seats: string[]) =>
  tickets('/purchases', who, 'POST', { screeningId, seats });
const heldBy = async (who: Person, screening: string): Promise<string[]> => {
  const { body } = await tickets(`/screenings/${screening}/holds`, who);
  return body.items.map(({ seat }: { seat: string }) => seat);
};
const expireAll = (screening: string) =>
  cinema.database.query(
    'update tickets.sold_seats set held_until = now() where screening_id = $1 and held_until is not null',
    [screening],
  );

/** A screening of its own for each test; what was held before is let go, as it counts towards the limit. */
const open = async (options: ScreeningOptions = {}) => {
  await cinema.database.query('delete from tickets.sold_seats where held_by is not null');
  return addScreening(cinema.database, options);
};

test('held seats are mine for the time that the configuration says, and everybody sees them held', async () => {
  const screening = await open();
  const { status, body } = await hold(ada, screening, 'C8', 'C7');
  assert.equal(status, 200);
  assert.deepEqual(
    body.items.map(({ seat }: { seat: string }) => seat),
    ['C7', 'C8'],
  );
  const left = Date.parse(body.items[0].heldUntil) - Date.now();
  assert.ok(left > 50_000 && left <= 60_000, `${left} ms`);
  const map = await tickets(`/screenings/${screening}/seats`, ben);
  const taken = map.body.seats.filter((seat: { sold: boolean; held: boolean }) => seat.sold || seat.held);
  assert.deepEqual(taken, [
    { seat: 'C7', sold: false, held: true },
    { seat: 'C8', sold: false, held: true },
  ]);
  assert.deepEqual(await heldBy(ben, screening), []);
});

test('others can neither hold nor buy what is held, and get none of the rest', async () => {
  const screening = await open();
  await hold(ada, screening, 'A1', 'A2');
  for (const refused of [await hold(ben, screening, 'A2', 'A3'), await buy(ben, screening, 'A2', 'A3')])
    assert.deepEqual([refused.status, refused.body.code, refused.body.seats], [409, 'seats_taken', ['A2']]);
  assert.deepEqual(await heldBy(ben, screening), []);
  assert.equal((await buy(ben, screening, 'A3')).status, 201);
});

test('buying uses up the holds of what was bought, and leaves the others', async () => {
  const screening = await open();
  await hold(ada, screening, 'B1', 'B2', 'B3');
  assert.equal((await buy(ada, screening, 'B1', 'B2', 'B9')).status, 201);
  assert.deepEqual(await heldBy(ada, screening), ['B3']);
  assert.equal((await hold(ada, screening, 'B1')).body.code, 'seats_taken');
});

test('a hold ends by itself, and then somebody else may hold or buy', async () => {
  const screening = await open();
  await hold(ada, screening, 'D1', 'D2');
  await expireAll(screening);
  assert.deepEqual(await heldBy(ada, screening), []);
  assert.equal((await hold(ben, screening, 'D1')).status, 200);
  assert.equal((await buy(ben, screening, 'D2')).status, 201);
  assert.deepEqual((await buy(ada, screening, 'D1')).body.seats, ['D1']);
});

test('repeating a hold neither fails nor extends it', async () => {
  const screening = await open();
  const first = await hold(ada, screening, 'E1');
  const again = await hold(ada, screening, 'E1', 'E2');
  assert.equal(again.body.items[0].heldUntil, first.body.items[0].heldUntil);
  assert.deepEqual(await heldBy(ada, screening), ['E1', 'E2']);
});

test('one seat or all can be let go, and only by whom they are held for', async () => {
  const screening = await open();
  await hold(ada, screening, 'A1', 'A2', 'A3');
  assert.equal((await release(ben, screening)).status, 204);
  assert.equal((await release(ada, screening, 'A2')).status, 204);
  assert.deepEqual(await heldBy(ada, screening), ['A1', 'A3']);
  assert.equal((await release(ada, screening)).status, 204);
  assert.equal((await release(ada, screening)).status, 204);
  assert.deepEqual(await heldBy(ada, screening), []);
  assert.equal((await buy(ben, screening, 'A1', 'A2', 'A3')).status, 201);
  assert.equal((await release(ben, screening, 'A1')).status, 204);
  assert.equal((await buy(ada, screening, 'A1')).body.code, 'seats_taken');
});

test('the limit of holds counts over all screenings, also of requests at the same time', async () => {
  const [one, two] = [await open(), await addScreening(cinema.database)];
  await hold(ada, one, 'A1', 'A2');
  const seats = ['B1', 'B2', 'B3', 'B4', 'B5', 'B6'];
  const answers = await Promise.all(seats.map((seat) => hold(ada, two, seat)));
  assert.deepEqual(tally(answers), { 200: 2, 409: 4 });
  const refused = answers.find(({ status }) => status === 409);
  assert.deepEqual([refused?.body.code, refused?.body.limit], ['too_many_holds', 4]);
  assert.equal((await heldBy(ada, two)).length, 2);
});

test('of a crowd that wants one seat exactly one gets it, whether they hold or buy', async () => {
  const screening = await open();
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => {
      const who = index % 4 < 2 ? ada : ben;
      return index % 2 ? hold(who, screening, 'C7') : buy(who, screening, 'C7');
    }),
  );
  assert.ok(answers.every(({ status }) => [200, 201, 409].includes(status)));
  const owners = answers.flatMap(({ status }, index) => (status === 409 ? [] : [index % 4 < 2]));
  assert.equal(new Set(owners).size, 1);
  assert.ok(answers.filter(({ status }) => status === 201).length <= 1);
});

test('seats that do not exist, and screenings that have started, are not held', async () => {
  const screening = await open({ rows: 1, seatsPerRow: 2 });
  assert.equal((await hold(ada, screening, 'B1')).body.code, 'no_such_seat');
  const started = await open({ startsAt: new Date(Date.now() - 1_000) });
  assert.equal((await hold(ada, started, 'A1')).body.code, 'screening_started');
});

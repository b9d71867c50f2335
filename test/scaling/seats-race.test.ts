import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { type Person, registerMany } from '../support/people.ts';
import { createRandom } from '../support/random.ts';
import { crowd, send, tally } from '../support/send.ts';
import { addScreening } from '../support/supplies.ts';

const INSTANCES = 4;
let cinema: Cinema;
let people: Person[];

before(async () => {
  cinema = await openCinema({ instances: INSTANCES });
  people = await registerMany(cinema, 20);
});
after(() => cinema.close());

const buy = (index: number, screeningId: string, seats: string[]) =>
  send(`${cinema.at(index).url}/v1/tickets/purchases`, {
    method: 'POST',
    headers: people[index % people.length]?.auth ?? {},
    json: { screeningId, seats },
  });

const soldBy = async (screeningId: string) => {
  const { rows } = await cinema.database.query<{ seat: string; purchase_id: string }>(
    'select seat, purchase_id from tickets.sold_seats where screening_id = $1',
    [screeningId],
  );
  return rows;
};

test('of 200 buyers of one seat through four instances exactly one gets it', async () => {
  const screeningId = await addScreening(cinema.database);
  const answers = await crowd(200, (index) => buy(index, screeningId, ['C7']));
  assert.deepEqual(tally(answers), { 201: 1, 409: 199 });
  assert.equal((await soldBy(screeningId)).length, 1);
  const instances = new Set(answers.map(({ headers }) => headers.get('x-served-by')));
  assert.equal(instances.size, INSTANCES);
});

test('overlapping purchases in any order neither deadlock nor sell a seat twice nor sell a part', async () => {
  const random = createRandom();
  const screeningId = await addScreening(cinema.database, { rows: 2, seatsPerRow: 10 });
  const seats = ['A', 'B'].flatMap((row) => Array.from({ length: 10 }, (_, index) => `${row}${index + 1}`));
  const wanted = Array.from({ length: 200 }, () => random.sample(seats, 2 + random.below(5)));
  const answers = await crowd(wanted.length, (index) => buy(index, screeningId, wanted[index] ?? []));

  const seed = `seed ${random.seed}`;
  const refused = answers.filter(({ status }) => status !== 201);
  assert.ok(
    refused.every(({ body }) => body.code === 'seats_taken' && body.seats.length > 0),
    seed,
  );
  const granted = answers.filter(({ status }) => status === 201).flatMap(({ body }) => body.seats);
  assert.ok(granted.length > 0, seed);
  assert.equal(new Set(granted).size, granted.length, seed);
  const sold = (await soldBy(screeningId)).map(({ seat }) => seat);
  assert.deepEqual(sold.sort(), granted.sort(), seed);
});

test('buyers and cancellers of the same seats at once leave each seat with at most one purchase', async () => {
  const screeningId = await addScreening(cinema.database, { rows: 1, seatsPerRow: 2 });
  const answers = await crowd(60, async (index) => {
    const bought = await buy(index, screeningId, index % 2 ? ['A1', 'A2'] : ['A2', 'A1']);
    if (bought.status !== 201 || index % 3 === 0) return bought;
    const cancelled = await send(
      `${cinema.at(index + 1).url}/v1/tickets/purchases/${bought.body.id}/cancel`,
      {
        method: 'POST',
        headers: people[index % people.length]?.auth ?? {},
      },
    );
    assert.equal(cancelled.status, 200);
    return cancelled;
  });
  assert.ok(answers.every(({ status }) => [200, 201, 409].includes(status)));
  const kept = answers.filter(({ status }) => status === 201).map(({ body }) => body.id);
  const holders = new Set((await soldBy(screeningId)).map(({ purchase_id }) => purchase_id));
  assert.deepEqual([...holders], kept);
});

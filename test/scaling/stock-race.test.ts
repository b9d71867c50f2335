import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { type Person, registerMany } from '../support/people.ts';
import { createRandom } from '../support/random.ts';
import { type Answer, crowd, send, tally } from '../support/send.ts';
import { addProduct, countRows } from '../support/supplies.ts';

let cinema: Cinema;
let people: Person[];

before(async () => {
  cinema = await openCinema({ instances: 4 });
  people = await registerMany(cinema, 20);
});
after(() => cinema.close());

/** As a client does that is told to come back, where the crowd is longer than the machine is fast. */
const order = async (index: number, items: { productId: string; quantity: number }[]): Promise<Answer> => {
  const headers = { ...people[index % people.length]?.auth, 'Idempotency-Key': randomUUID() };
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send(`${cinema.at(index).url}/v1/grocery/orders`, {
      method: 'POST',
      headers,
      json: { items },
    });
    if (answer.status !== 503 || attempt === 5) return answer;
  }
};

const stocks = async (ids: string[]): Promise<number[]> => {
  const { rows } = await cinema.database.query<{ stock: number }>(
    'select stock from grocery.products where id = any($1) order by array_position($1, id)',
    [ids],
  );
  return rows.map(({ stock }) => stock);
};

test('of 500 orders for 50 pieces through four instances exactly 50 are filled', async () => {
  const productId = await addProduct(cinema.database, 50);
  const answers = await crowd(500, (index) => order(index, [{ productId, quantity: 1 }]));
  assert.deepEqual(tally(answers), { 201: 50, 409: 450 });
  assert.deepEqual(await stocks([productId]), [0]);
  assert.equal(await countRows(cinema.database, 'grocery.orders'), 50);
});

test('orders of the same products in opposite orders do not deadlock', async () => {
  const [a, b, c] = await Promise.all([1, 2, 3].map(() => addProduct(cinema.database, 1_000)));
  const ids = [a, b, c] as string[];
  const answers = await crowd(150, (index) => {
    const items = (index % 2 ? ids : ids.toReversed()).map((productId) => ({ productId, quantity: 1 }));
    return order(index, items);
  });
  assert.deepEqual(tally(answers), { 201: 150 });
  assert.deepEqual(await stocks(ids), [850, 850, 850]);
});

test('what is sold and what is left make up what there was, for any mixture of orders', async () => {
  const random = createRandom();
  const ids = await Promise.all(Array.from({ length: 4 }, () => addProduct(cinema.database, 60)));
  const answers = await crowd(150, (index) => {
    const chosen = random.sample(ids, 1 + random.below(4));
    return order(
      index,
      chosen.map((productId) => ({ productId, quantity: 1 + random.below(5) })),
    );
  });
  const seed = `seed ${random.seed}`;
  assert.ok(
    answers.every(({ status, body }) => status === 201 || body.code === 'out_of_stock'),
    seed,
  );
  const sold = new Map(ids.map((id) => [id, 0]));
  for (const { status, body } of answers)
    if (status === 201)
      for (const { productId, quantity } of body.items)
        sold.set(productId, (sold.get(productId) ?? 0) + quantity);
  const left = await stocks(ids);
  assert.ok(
    left.every((stock) => stock >= 0),
    seed,
  );
  assert.deepEqual(
    left,
    ids.map((id) => 60 - (sold.get(id) ?? 0)),
    seed,
  );
});

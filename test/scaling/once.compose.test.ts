import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  addProduct,
  addScreening,
  logInAdmin,
  newCustomers,
  soldSeats,
  stockOf,
} from './containers/cinema.ts';
import { type Answer, type Call, callPatiently, createClient } from './containers/client.ts';
import { scaleTo } from './containers/stack.ts';

const BUYERS = 200;
const ORDERS = 500;
const STOCK = 50;

const few = createClient(8); // registrations hash passwords: more at once would only queue
const many = createClient(ORDERS);
let admin: string;
let customers: string[];

before(async () => {
  await scaleTo(4);
  admin = await logInAdmin(few);
  customers = await newCustomers(few, BUYERS);
});
after(() => {
  few.close();
  many.close();
});

const count = (answers: Answer[]) => {
  const counts: Record<string, number> = {};
  for (const { status, json } of answers) {
    const outcome = `${status} ${json?.code ?? ''}`.trim();
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
};

/** A replica whose connections to PostgreSQL are all in use for 2 s says 503 and Retry-After: a slow machine's client. */
const post = async (path: string, call: Call): Promise<Answer> => {
  const send = () => many.call(path, { method: 'POST', ...call });
  const { answer, waits } = await callPatiently(send, [503]);
  if (waits > 0) console.log(`${path}: had to come back ${waits} times`);
  return answer;
};

const instances = (answers: Answer[]) => new Set(answers.map(({ headers }) => headers['x-served-by'])).size;

test(`of ${BUYERS} concurrent buyers of one seat, through 4 replicas, exactly one gets it`, async () => {
  const screeningId = await addScreening(few, admin);
  const body = { screeningId, seats: ['C7'] };
  const answers = await Promise.all(customers.map((token) => post('/v1/tickets/purchases', { token, body })));
  console.log('one seat:', count(answers), `from ${instances(answers)} replicas`);
  assert.deepEqual(count(answers), { 201: 1, '409 seats_taken': BUYERS - 1 });
  assert.equal(instances(answers), 4);
  assert.deepEqual(await soldSeats(few, screeningId), ['C7']);
});

test(`of ${ORDERS} concurrent orders of a product with a stock of ${STOCK}, exactly ${STOCK} are placed`, async () => {
  const productId = await addProduct(few, admin, STOCK);
  const body = { items: [{ productId, quantity: 1 }] };
  const answers = await Promise.all(
    Array.from({ length: ORDERS }, (_, index) =>
      post('/v1/grocery/orders', { token: customers[index % BUYERS], body }),
    ),
  );
  console.log('stock:', count(answers), `from ${instances(answers)} replicas`);
  assert.deepEqual(count(answers), { 201: STOCK, '409 out_of_stock': ORDERS - STOCK });
  assert.equal(instances(answers), 4);
  assert.equal(await stockOf(few, productId), 0);
});

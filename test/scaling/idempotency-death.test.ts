import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { holdLock } from '../support/locks.ts';
import { type Person, registerAndLogIn } from '../support/people.ts';
import { spawnApi } from '../support/processes.ts';
import { send } from '../support/send.ts';
import { addProduct, addScreening, lockProduct } from '../support/supplies.ts';
import { waitFor } from '../support/wait.ts';

let cinema: Cinema;
let ada: Person;

before(async () => {
  cinema = await openCinema();
  ada = await registerAndLogIn(cinema.at(0));
});
after(() => cinema.close());

const post = (url: string, path: string, key: string, json: unknown) =>
  send(`${url}/v1${path}`, { method: 'POST', headers: { ...ada.auth, 'Idempotency-Key': key }, json });

/** Sends the request to a process, kills that with the request stuck in its transaction, and sends it elsewhere. */
const retryAfterDeath = async (takeLock: () => ReturnType<typeof holdLock>, path: string, json: unknown) => {
  const victim = await spawnApi(cinema.env);
  const key = randomUUID();
  const lock = await takeLock();
  const lost = post(victim.url, path, key, json);
  lost.catch(() => {});
  await lock.waiters(1).finally(victim.kill);
  await assert.rejects(lost);
  await lock.release();
  return waitFor('an answer of the survivor', async () => {
    const answer = await post(cinema.at(0).url, path, key, json);
    return answer.body.code === 'idempotency_key_in_use' ? undefined : answer;
  });
};

test('a process killed in an order leaves nothing behind, and the retry elsewhere makes exactly one', async () => {
  const productId = await addProduct(cinema.database, 10);
  const json = { items: [{ productId, quantity: 3 }] };
  const takeLock = () => lockProduct(cinema.database, productId);
  const retried = await retryAfterDeath(takeLock, '/grocery/orders', json);
  assert.equal(retried.status, 201);
  assert.equal(retried.headers.get('idempotency-replayed'), null);
  const { rows } = await cinema.database.query(
    `select stock, (select count(*)::int from grocery.orders) as orders from grocery.products where id = $1`,
    [productId],
  );
  assert.deepEqual(rows, [{ stock: 7, orders: 1 }]);
});

test('a process killed in a purchase leaves nothing behind, and the retry elsewhere gets the seats', async () => {
  const screeningId = await addScreening(cinema.database);
  // Another purchase of the seat, not committed yet, is what the victim waits for.
  const rival = `with rival as (
      insert into tickets.purchases (id, user_id, screening_id, starts_at, seats, total_cents)
      values (gen_random_uuid(), gen_random_uuid(), $1, now(), '{A1}', 1) returning id)
    insert into tickets.sold_seats (screening_id, seat, purchase_id) select $1, 'A1', id from rival`;
  const json = { screeningId, seats: ['A1', 'A2'] };
  const takeLock = () => holdLock(cinema.database, rival, [screeningId]);
  const retried = await retryAfterDeath(takeLock, '/tickets/purchases', json);
  assert.equal(retried.status, 201);
  const { rows } = await cinema.database.query(
    'select purchase_id, seat from tickets.sold_seats order by seat',
  );
  assert.deepEqual(
    rows,
    ['A1', 'A2'].map((seat) => ({ purchase_id: retried.body.id, seat })),
  );
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { type Person, registerAndLogIn } from '../support/people.ts';
import { spawnApi } from '../support/processes.ts';
import { send } from '../support/send.ts';
import { addProduct, lockProduct } from '../support/supplies.ts';

const STOCK = 10;
let cinema: Cinema;
let ada: Person;
before(async () => {
  cinema = await openCinema();
  ada = await registerAndLogIn(cinema.at(0));
});
after(() => cinema.close());

test('what a process locks and then hangs is free again before others give up', async (t) => {
  const productId = await addProduct(cinema.database, STOCK);
  const order = (url: string) =>
    send(`${url}/v1/grocery/orders`, {
      method: 'POST',
      headers: ada.auth,
      json: { items: [{ productId, quantity: 1 }] },
    });
  const hanging = await spawnApi(cinema.env);
  t.after(hanging.kill);

  const lock = await lockProduct(cinema.database, productId);
  const first = order(hanging.url);
  await lock.waiters(1);
  hanging.signal('SIGSTOP');
  await lock.release(); // now it is the hanging process that has it
  const others = await Promise.all(Array.from({ length: 8 }, () => order(cinema.at(0).url)));
  assert.deepEqual(
    others.map(({ status }) => status),
    others.map(() => 201),
  );

  hanging.signal('SIGCONT');
  const { status, body } = await first;
  assert.deepEqual([status, body.code], [503, 'dependency_unavailable']);
  const { rows } = await cinema.database.query('select stock from grocery.products where id = $1', [
    productId,
  ]);
  assert.equal(rows[0].stock, STOCK - others.length);
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { makeStaff, type Person, registerAndLogIn } from '../support/people.ts';
import { addProduct, countRows } from '../support/supplies.ts';

let cinema: Cinema;
let ada: Person;
let staff: Person;

before(async () => {
  cinema = await openCinema();
  ada = await registerAndLogIn(cinema.at(0));
  staff = await makeStaff(cinema);
});
after(() => cinema.close());

const api = () => supertest(cinema.at(0).url);
const order = (items: { productId: string; quantity: number }[], who = ada) =>
  api().post('/v1/grocery/orders').set(who.auth).send({ items });
const addByRoute = (product: object, who = staff) =>
  api().post('/v1/grocery/products').set(who.auth).send(product);
const stockOf = async (id: string) => {
  const { rows } = await cinema.database.query('select stock from grocery.products where id = $1', [id]);
  return rows[0]?.stock;
};

test('an order takes each item from the stock at the price of the day', async () => {
  const popcorn = await addProduct(cinema.database, 10, 450);
  const nachos = await addProduct(cinema.database, 5, 560);
  const { body } = await order([
    { productId: popcorn, quantity: 3 },
    { productId: nachos, quantity: 1 },
  ]).expect(201);
  assert.equal(body.totalCents, 3 * 450 + 560);
  assert.deepEqual([await stockOf(popcorn), await stockOf(nachos)], [7, 4]);
});

test('an order that one product cannot fill takes nothing and names the product', async () => {
  const enough = await addProduct(cinema.database, 10);
  const short = await addProduct(cinema.database, 1);
  const { body } = await order([
    { productId: enough, quantity: 2 },
    { productId: short, quantity: 2 },
  ]).expect(409);
  assert.equal(body.code, 'out_of_stock');
  assert.deepEqual(body.productIds, [short]);
  assert.deepEqual([await stockOf(enough), await stockOf(short)], [10, 1]);
});

test('an order of an unknown product takes nothing', async () => {
  const known = await addProduct(cinema.database, 10);
  await order([
    { productId: known, quantity: 1 },
    { productId: randomUUID(), quantity: 1 },
  ]).expect(404);
  assert.equal(await stockOf(known), 10);
});

test('a product ordered twice in one order is refused as invalid', async () => {
  const productId = await addProduct(cinema.database, 10);
  await order([
    { productId, quantity: 1 },
    { productId, quantity: 1 },
  ]).expect(400);
});

test('staff add products, which all then see with their stock', async () => {
  const product = { name: 'Lemonade', priceCents: 320, stock: 30 };
  const { body } = await addByRoute(product).expect(201);
  const { body: list } = await api().get('/v1/grocery/products?limit=100').expect(200);
  assert.deepEqual(
    list.items.find(({ id }: { id: string }) => id === body.id),
    { id: body.id, ...product },
  );
});

test('two products do not share a name', async () => {
  const product = { name: 'Ice cream', priceCents: 250, stock: 1 };
  await addByRoute(product).expect(201);
  const { body } = await addByRoute(product).expect(409);
  assert.equal(body.code, 'product_exists');
});

test('customers neither add products nor take deliveries', async () => {
  const productId = await addProduct(cinema.database, 1);
  const before = await countRows(cinema.database, 'grocery.products');
  await addByRoute({ name: 'Crisps', priceCents: 1, stock: 1 }, ada).expect(403);
  await api()
    .post(`/v1/grocery/products/${productId}/deliveries`)
    .set(ada.auth)
    .send({ quantity: 9 })
    .expect(403);
  assert.equal(await countRows(cinema.database, 'grocery.products'), before);
  assert.equal(await stockOf(productId), 1);
});

test('a delivery adds to the stock; one for an unknown product is 404', async () => {
  const productId = await addProduct(cinema.database, 5);
  const deliver = (id: string) =>
    api().post(`/v1/grocery/products/${id}/deliveries`).set(staff.auth).send({ quantity: 20 });
  const { body } = await deliver(productId).expect(201);
  assert.equal(body.stock, 25);
  await deliver(randomUUID()).expect(404);
});

test('my orders come page by page, the newest first, with what was in them', async () => {
  const carl = await registerAndLogIn(cinema.at(0));
  const productId = await addProduct(cinema.database, 100);
  const placed = [];
  for (const quantity of [1, 2, 3])
    placed.push((await order([{ productId, quantity }], carl).expect(201)).body);
  const first = await api().get('/v1/grocery/orders?limit=2').set(carl.auth).expect(200);
  const second = await api()
    .get(`/v1/grocery/orders?limit=2&cursor=${first.body.nextCursor}`)
    .set(carl.auth)
    .expect(200);
  assert.deepEqual([...first.body.items, ...second.body.items], placed.toReversed());
  assert.equal(second.body.nextCursor, null);
});

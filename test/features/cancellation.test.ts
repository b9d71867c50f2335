import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createInternalTokens } from '../../src/http/contracts/internal-tokens.ts';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { startMailbox } from '../support/jobs/mailbox.ts';
import { startWorkers } from '../support/jobs/workers.ts';
import { bearer, makeStaff, type Person, registerMany } from '../support/people.ts';
import { crowd, send, tally } from '../support/send.ts';
import { addProduct, addScreening } from '../support/supplies.ts';
import { waitFor } from '../support/wait.ts';

const CROWD = 40;
let cinema: Cinema;
let mailbox: Awaited<ReturnType<typeof startMailbox>>;
let workers: Awaited<ReturnType<typeof startWorkers>>;
let staff: Person;
let people: Person[];

before(async () => {
  mailbox = await startMailbox();
  cinema = await openCinema({ instances: 2, env: { SMTP_URL: mailbox.url } });
  workers = await startWorkers(cinema);
  staff = await makeStaff(cinema);
  people = await registerMany(cinema, 4);
});
after(async () => {
  await workers.close();
  await cinema.close();
  await mailbox.close();
});

const call = (method: string, path: string, who: Person, json?: unknown, index = 0) =>
  send(`${cinema.at(index).url}/v1${path}`, {
    method,
    headers: who.auth,
    ...(json !== undefined && { json }),
  });
/** As the catalog's worker tells it. */
const tell = (input: unknown) =>
  send(`${cinema.at(0).urlOf('tickets')}/internal/tickets-inbox/receive`, {
    method: 'POST',
    headers: bearer(createInternalTokens(cinema.at(0).config.tokens, 'catalog').sign()),
    json: { input },
  });
const person = (index: number) => people[index % people.length] as Person;
const buy = (screeningId: string, seat: string, index = 0) =>
  call('POST', '/tickets/purchases', person(index), { screeningId, seats: [seat] }, index);
const order = (productId: string, purchaseId: string, index = 0) =>
  call('POST', '/grocery/orders', person(index), { purchaseId, items: [{ productId, quantity: 2 }] }, index);
const cancelScreening = (id: string) => call('POST', `/catalog/screenings/${id}/cancel`, staff);
const purchasesOf = async (index: number) =>
  (await call('GET', '/tickets/purchases?limit=100', person(index))).body.items as {
    id: string;
    screeningId: string;
    cancelledAt: string | null;
    refundedAt: string | null;
  }[];
const stockOf = async (id: string) => {
  const { rows } = await cinema.database.query('select stock from grocery.products where id = $1', [id]);
  return rows[0]?.stock as number;
};

test('a cancelled screening refunds its tickets, and puts back what was ordered with them', async () => {
  const screeningId = await addScreening(cinema.database);
  const productId = await addProduct(cinema.database, 10);
  const bought = await Promise.all([buy(screeningId, 'A1', 0), buy(screeningId, 'A2', 1)]);
  const ids = bought.map(({ body }) => body.id as string);
  const ordered = await order(productId, ids[0] as string, 0);
  assert.deepEqual([ordered.status, ordered.body.purchaseId, ordered.body.releasedAt], [201, ids[0], null]);
  assert.equal(await stockOf(productId), 8);

  const cancelled = await cancelScreening(screeningId);
  assert.equal(cancelled.status, 200);
  assert.deepEqual((await cancelScreening(screeningId)).body, cancelled.body);

  await waitFor('the goods to be back', async () => (await stockOf(productId)) === 10);
  for (const [index, id] of ids.entries()) {
    const purchase = await waitFor('the refund', async () =>
      (await purchasesOf(index)).find((one) => one.id === id && one.refundedAt),
    );
    assert.ok(purchase.cancelledAt);
    assert.equal(await waitFor('its mail', () => mailbox.received.get(`refund-${id}`)), 1);
  }
  const { body } = await call('GET', '/grocery/orders', person(0));
  assert.ok(body.items[0].releasedAt);
  const late = await order(productId, ids[0] as string, 0);
  assert.deepEqual([late.status, late.body.code], [409, 'purchase_cancelled']);
  const tooLate = await buy(screeningId, 'A1');
  assert.deepEqual([tooLate.status, tooLate.body.code], [409, 'screening_cancelled']);
});

test('in a crowd that buys, orders and cancels meanwhile, none keeps a ticket and no piece is lost', async () => {
  const screeningId = await addScreening(cinema.database, { rows: 4, seatsPerRow: 10 });
  const productId = await addProduct(cinema.database, 1_000);
  let cancelled: Promise<unknown> | undefined;
  const replies = await crowd(CROWD, async (index) => {
    const bought = await buy(screeningId, `${'ABCD'[Math.floor(index / 10)]}${(index % 10) + 1}`, index);
    if (bought.status !== 201) return bought;
    cancelled ??= index < CROWD / 4 ? undefined : cancelScreening(screeningId);
    if (index % 3 === 0) await call('POST', `/tickets/purchases/${bought.body.id}/cancel`, person(index));
    return order(productId, bought.body.id, index);
  });
  await cancelled;
  console.log(`ℹ answered ${JSON.stringify(tally(replies))}`);
  for (const { status, body } of replies)
    assert.ok(
      status === 201 || ['screening_cancelled', 'seats_taken', 'purchase_cancelled'].includes(body.code),
      JSON.stringify(body),
    );
  await waitFor('everything to be settled', async () => {
    const { rows } = await cinema.database.query(
      `select (select count(*) from tickets.purchases where screening_id = $1 and refunded_at is null)
         + (select 1000 - stock from grocery.products where id = $2)
         + (select count(*) from tickets.sold_seats where screening_id = $1 and purchase_id is not null) as open`,
      [screeningId, productId],
    );
    return Number(rows[0]?.open) === 0;
  });
  await waitFor('all jobs to be done', async () => {
    const { rows } = await cinema.database.query(
      `select from catalog.jobs where done_at is null union all select from tickets.jobs where done_at is null
       union all select from grocery.jobs where done_at is null`,
    );
    return rows.length === 0;
  });
  for (const [id, count] of mailbox.received)
    if (id.startsWith('refund-')) assert.equal(count, 1, `${id} came ${count} times`);
});

test('an event that is delivered again, or has members of a newer version, does no harm', async () => {
  const screeningId = await addScreening(cinema.database);
  const { body: purchase } = await buy(screeningId, 'B1');
  const id = randomUUID();
  const payload = {
    screeningId,
    rows: 5,
    seatsPerRow: 10,
    reason: 'a member that this version does not know',
  };
  const deliver = () => tell({ id, event: 'catalog.screening-cancelled.v1', payload });
  assert.equal((await deliver()).status, 200);
  await waitFor('the refund', async () =>
    (await purchasesOf(0)).find((one) => one.id === purchase.id && one.refundedAt),
  );
  assert.equal((await deliver()).status, 200);
  const { rows } = await cinema.database.query(
    'select count(*)::int as count from tickets.jobs where id = $1',
    [id],
  );
  assert.equal(rows[0]?.count, 1);
});

test('an event of a newer version is refused for now, so that it is told again after the deployment', async () => {
  const reply = await tell({ id: randomUUID(), event: 'catalog.screening-cancelled.v2', payload: {} });
  assert.deepEqual([reply.status, reply.body.code], [503, 'event_unknown']);
  assert.equal(reply.headers.get('retry-after'), '10');
});

test('a screening that has started cannot be called off, and only staff can call one off', async () => {
  const screeningId = await addScreening(cinema.database, { startsAt: new Date(Date.now() - 60_000) });
  const { status, body } = await cancelScreening(screeningId);
  assert.deepEqual([status, body.code], [409, 'screening_started']);
  assert.equal((await cancelScreening(randomUUID())).status, 404);
  assert.equal((await call('POST', `/catalog/screenings/${screeningId}/cancel`, person(0))).status, 403);
});

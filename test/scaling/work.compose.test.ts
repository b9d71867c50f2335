import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addScreening, logInAdmin, newCustomer, seatName } from './containers/cinema.ts';
import { createClient } from './containers/client.ts';
import { compose, docker, until } from './containers/stack.ts';

const PURCHASES = 300;
const client = createClient();
let admin: string;

before(async () => {
  await compose('up', '--detach', '--wait', '--scale', 'api=2', '--scale', 'worker=3');
  admin = await logInAdmin(client);
});
after(() => client.close());

const workers = async () => (await compose('ps', '--quiet', '--status', 'running', 'worker')).split('\n');

/** Asks PostgreSQL itself how many of the screening's receipts fit the condition. */
const countReceipts = async (screeningId: string, condition: string): Promise<number> => {
  const sql = `select count(*) from tickets.jobs, tickets.purchases purchase where name = 'tickets.receipt'
    and payload->>'purchaseId' = purchase.id::text and screening_id = '${screeningId}' and ${condition}`;
  const psql = ['psql', '--username', 'multiplex', '--dbname', 'multiplex', '-At', '-c', sql];
  return Number(await compose('exec', '--no-TTY', 'postgres', ...psql));
};

test('workers scale by themselves, and one that is killed loses no receipt', async () => {
  const running = await workers();
  assert.equal(running.length, 3);
  const screeningId = await addScreening(client, admin);
  const token = await newCustomer(client);
  const buy = async (index: number) => {
    const body = { screeningId, seats: [seatName(index)] };
    const answer = await client.call('/v1/tickets/purchases', { method: 'POST', token, body });
    assert.equal(answer.status, 201, answer.text);
    if (index === PURCHASES / 2) await docker('kill', running[0] ?? '');
  };
  await Promise.all(Array.from({ length: PURCHASES }, (_, index) => buy(index)));
  await until(
    'all receipts are done',
    60,
    async () => (await countReceipts(screeningId, 'done_at is not null')) === PURCHASES,
  );
  assert.equal(await countReceipts(screeningId, 'true'), PURCHASES);
});

test('administrators see the queues through nginx, and nobody else', async () => {
  const anonymous = await client.call('/admin/queues/');
  assert.deepEqual([anonymous.status, anonymous.json.code], [401, 'unauthenticated']);
  const { status, json } = await client.call('/admin/queues/api/queues', { token: admin });
  assert.equal(status, 200);
  const urgent = json.queues.find((queue: { name: string }) => queue.name === 'tickets-urgent');
  assert.ok(urgent.counts.completed >= PURCHASES);
});

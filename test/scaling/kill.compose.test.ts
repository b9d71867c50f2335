import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { addProduct, logInAdmin, newCustomers, soldSeats, stockOf } from './containers/cinema.ts';
import { createClient } from './containers/client.ts';
import { createKinds } from './containers/kinds.ts';
import { assertNoneFailed, type Kind, report, startLoad } from './containers/load.ts';
import { apiContainers, compose, docker, scaleTo, until } from './containers/stack.ts';

const STOCK = 1_000_000;
const client = createClient(32);
let admin: string;
let kinds: ReturnType<typeof createKinds>;

beforeEach(() => scaleTo(4)); // those that were killed are not started again by themselves
before(async () => {
  admin = await logInAdmin(client);
  kinds = createKinds(client, await newCustomers(client, 8));
});
after(client.close);

/** POSTs that nginx sent to a second replica because the first broke off or could not be reached. */
const countRepeated = async (): Promise<number> => {
  const lines = (await compose('logs', '--no-log-prefix', 'nginx')).split('\n');
  return lines.filter((line) => /"method":"POST".*"upstreamStatus":"\d+(,| :) /.test(line)).length;
};

const assertSold = async (bought: string[]) => {
  const screenings = new Set(bought.map((seat) => seat.split(' ')[0] ?? ''));
  const sold = await Promise.all(
    [...screenings].map(async (id) => (await soldSeats(client, id)).map((seat) => `${id} ${seat}`)),
  );
  assert.deepEqual(bought.toSorted(), sold.flat().sort());
};

test('replicas killed under load lose no GET and no POST with a key, and do nothing twice', async (context) => {
  const repeatedBefore = await countRepeated();
  const bought: string[] = [];
  const [product, other] = [await addProduct(client, admin, STOCK), await addProduct(client, admin, STOCK)];
  const unprotected = 'POST order, no key'; // may fail: what happened to it, nobody but its replica knew
  const load = startLoad(
    context,
    [
      ...kinds.gets(),
      kinds.order('POST order, with key', product, true),
      kinds.purchase('POST purchase, with key', admin, bought),
      kinds.order(unprotected, other, false),
    ],
    { workers: 32, perSecond: 700 }, // below nginx's outer wall
  );
  for (const victim of (await apiContainers()).slice(0, 3)) {
    await load.more(400);
    await docker('kill', '--signal', 'KILL', victim);
    await load.more(800);
  }
  const tallies = await load.stop();
  report('3 of 4 killed', tallies);
  await until('nginx has written its log', 5, async () => (await countRepeated()) > repeatedBefore);
  console.log(
    `3 of 4 killed: ${(await countRepeated()) - repeatedBefore} POSTs were answered by a second replica`,
  );

  assertNoneFailed(tallies, unprotected);
  assert.equal(await stockOf(client, product), STOCK - (tallies['POST order, with key']?.sent ?? 0));
  const { sent = 0, failed = 0 } = tallies[unprotected] ?? {};
  const ordered = STOCK - (await stockOf(client, other));
  assert.ok(
    sent - failed <= ordered && ordered <= sent,
    `${sent} sent, ${failed} failed, ${ordered} ordered`,
  );
  await assertSold(bought);
});

/** Counts the answers that took longer than nginx lets a silent replica have: `proxy_read_timeout`, 30 s. */
const countLate = (all: Kind[]) => {
  const seen = { late: 0 };
  const timed = all.map((kind) => ({
    ...kind,
    send: async (turn: number) => {
      const startedAt = performance.now();
      const answer = await kind.send(turn);
      if (performance.now() - startedAt >= 30_000) seen.late += 1;
      return answer;
    },
  }));
  return { seen, timed };
};

test('a replica that hangs loses no GET and no POST with a key, and does nothing twice when it goes on', async (context) => {
  const bought: string[] = [];
  const purchase = kinds.purchase('POST purchase, with key', admin, bought);
  const { seen, timed } = countLate([...kinds.gets(), purchase]);
  const load = startLoad(context, timed, { perSecond: 150 });
  await load.more(150);
  const [victim = ''] = await apiContainers();
  await docker('pause', victim);
  await until('another answers what it was asked', 90, () => seen.late > 0);
  await docker('unpause', victim); // and finds requests that others have answered meanwhile
  await load.more(300);
  const tallies = await load.stop();
  report('1 of 4 hanging', tallies);
  console.log(`1 of 4 hanging: ${seen.late} answers came from another, 30 s later`);
  await docker('restart', victim); // healthy at once, and not at its next check

  assertNoneFailed(tallies);
  await assertSold(bought);
});

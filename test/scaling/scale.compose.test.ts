import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addProduct, logInAdmin, newCustomers, stockOf } from './containers/cinema.ts';
import { createClient } from './containers/client.ts';
import { createKinds } from './containers/kinds.ts';
import { assertNoneFailed, report, startLoad } from './containers/load.ts';
import { runningSince, scaleTo, until } from './containers/stack.ts';

const STOCK = 1_000_000;
const client = createClient(32);
let admin: string;
let kinds: ReturnType<typeof createKinds>;

before(async () => {
  await scaleTo(3);
  admin = await logInAdmin(client);
  kinds = createKinds(client, await newCustomers(client, 8));
});
after(client.close);

test('3 replicas become 5 and then 2 under load, and no request fails', async (context) => {
  const [keyed, plain] = [await addProduct(client, admin, STOCK), await addProduct(client, admin, STOCK)];
  const load = startLoad(
    context,
    [
      ...kinds.gets(),
      kinds.order('POST order, with key', keyed, true),
      kinds.order('POST order, no key', plain, false),
    ],
    { perSecond: 400 },
  );
  await load.more(400);
  const before = await runningSince('nginx', 'api');
  await scaleTo(5);
  load.instances();
  const seen = new Set<string>();
  await until('all 5 replicas serve', 30, () => {
    for (const name of load.instances()) seen.add(name);
    return seen.size === 5;
  });
  const grown = await runningSince('nginx', 'api');
  for (const container of before) assert.ok(grown.includes(container), `${container} was started anew`);
  await load.more(800);
  await scaleTo(2);
  load.instances();
  await load.more(1_200);
  const left = load.instances();

  const tallies = await load.stop();
  report('3 to 5 to 2', tallies);
  assert.equal(left.length, 2, `after scaling down, these serve: ${left}`);
  assertNoneFailed(tallies);
  assert.equal(await stockOf(client, keyed), STOCK - (tallies['POST order, with key']?.sent ?? 0));
  assert.equal(await stockOf(client, plain), STOCK - (tallies['POST order, no key']?.sent ?? 0));
});

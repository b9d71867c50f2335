import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { addProduct, stockOf } from './cinema.ts';
import type { Client } from './client.ts';
import type { createKinds } from './kinds.ts';
import { assertNoneFailed, report, startLoad } from './load.ts';

const STOCK = 1_000_000;

interface Parts {
  client: Client;
  admin: string;
  kinds: ReturnType<typeof createKinds>;
}

/** Requests of every kind, 200 a second: GETs, POSTs with a key and without. */
export const startMixedLoad = async (context: TestContext, { client, admin, kinds }: Parts) => {
  const [keyed, plain] = [await addProduct(client, admin, STOCK), await addProduct(client, admin, STOCK)];
  const bought: string[] = [];
  const mix = [
    ...kinds.gets(),
    kinds.order('POST order, with key', keyed, true),
    kinds.order('POST order, no key', plain, false),
    kinds.purchase('POST purchase, with key', admin, bought),
  ];
  const load = startLoad(context, mix, { perSecond: 200 });
  return {
    ...load,
    /** Ends it, and checks that no request failed and each had its effect once. */
    finish: async (title: string) => {
      const tallies = await load.stop();
      report(title, tallies);
      assertNoneFailed(tallies);
      assert.equal(await stockOf(client, keyed), STOCK - (tallies['POST order, with key']?.sent ?? 0));
      assert.equal(await stockOf(client, plain), STOCK - (tallies['POST order, no key']?.sent ?? 0));
      assert.equal(new Set(bought).size, tallies['POST purchase, with key']?.sent);
    },
  };
};

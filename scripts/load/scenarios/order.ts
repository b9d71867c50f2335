import { randomUUID } from 'node:crypto';
import { pick, type Scenario } from './scenario.ts';

/** Looks at the groceries and orders one. */
export const order: Scenario = {
  name: 'order',
  requestsPerVisit: 2,
  visit: async (visitor, world) => {
    await visitor.call({ name: 'GET /v1/grocery/products' });
    await visitor.think(1);
    await visitor.call({
      name: 'POST /v1/grocery/orders',
      token: pick(world.customers).token,
      headers: { 'idempotency-key': randomUUID() },
      json: { items: [{ productId: world.productId, quantity: 1 }] },
      expects: [201],
    });
  },
};

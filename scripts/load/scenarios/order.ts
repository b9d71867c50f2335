import { randomUUID } from 'node:crypto';
import { createdBy, pick, type Scenario } from './scenario.ts';

/** Looks at the groceries and orders one. */
export const createOrder = (): Scenario => {
  let productId = '';
  return {
    name: 'order',
    requestsPerVisit: 2,
    prepare: async (visitor, token) => {
      const product = { name: `Load test ${randomUUID()}`, priceCents: 300, stock: 1_000_000 };
      productId = await createdBy(visitor, token, 'POST /v1/grocery/products', product);
    },
    visit: async (visitor, { customers }) => {
      await visitor.call({ name: 'GET /v1/grocery/products' });
      await visitor.think(1);
      await visitor.call({
        name: 'POST /v1/grocery/orders',
        token: pick(customers).token,
        headers: { 'idempotency-key': randomUUID() },
        json: { items: [{ productId, quantity: 1 }] },
        expects: [201],
      });
    },
  };
};

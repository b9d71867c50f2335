import { created, ok, type Route, route } from '../../http/route.ts';
import { byId, id, pageQuery, readCursor, toPage } from '../../http/schemas.ts';
import * as schemas from './schemas.ts';
import type { GroceryService } from './service.ts';

export const createRoutes = (grocery: GroceryService): Route[] => [
  route({
    method: 'get',
    path: '/products',
    summary: 'All products with their stock',
    access: 'public',
    query: pageQuery,
    replies: { 200: schemas.productPage },
    handle: async ({ query: { limit, cursor } }) => {
      const [after] = readCursor(cursor, [id]) ?? [];
      return ok(toPage(await grocery.listProducts(after, limit + 1), limit, (product) => [product.id]));
    },
  }),
  route({
    method: 'post',
    path: '/products',
    summary: 'Add a product',
    access: ['staff', 'admin'],
    creates: true,
    body: schemas.productInput,
    replies: { 201: schemas.product },
    problems: { 409: ['product_exists'] },
    handle: ({ body, once }) =>
      once(async (transaction) =>
        created(await grocery.addProduct(transaction, body), '/v1/grocery/products'),
      ),
  }),
  route({
    method: 'post',
    path: '/products/:id/deliveries',
    summary: 'Add a delivery to the stock',
    access: ['staff', 'admin'],
    creates: true,
    params: byId,
    body: schemas.delivery,
    replies: { 201: schemas.product },
    problems: { 404: ['not_found'] },
    handle: ({ params, body, once }) =>
      once(async (transaction) =>
        created(await grocery.restock(transaction, params.id, body.quantity), '/v1/grocery/products'),
      ),
  }),
  route({
    method: 'post',
    path: '/orders',
    summary: 'Order products: all of them or none',
    access: 'user',
    creates: true,
    body: schemas.orderInput,
    replies: { 201: schemas.order },
    problems: { 404: ['not_found'], 409: ['out_of_stock', 'purchase_cancelled'] },
    handle: async ({ identity: { userId }, body: { items, purchaseId = null }, once }) => {
      // Outside the transaction, and thrown inside, as for a purchase of tickets.
      const [prepared] = await Promise.allSettled([grocery.prepare(purchaseId)]);
      return once(async (transaction) => {
        if (prepared.status === 'rejected') throw prepared.reason;
        const order = await grocery.order(transaction, userId, { items, purchaseId });
        return created(order, '/v1/grocery/orders');
      });
    },
  }),
  route({
    method: 'get',
    path: '/orders',
    summary: 'My orders, the newest first',
    access: 'user',
    query: pageQuery,
    replies: { 200: schemas.orderPage },
    handle: async ({ identity, query: { limit, cursor } }) => {
      const [before] = readCursor(cursor, [id]) ?? [];
      const orders = await grocery.listOrders(identity.userId, before, limit + 1);
      return ok(toPage(orders, limit, (order) => [order.id]));
    },
  }),
];

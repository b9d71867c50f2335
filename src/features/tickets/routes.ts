import { created, ok, type Route, route } from '../../http/route.ts';
import { byId, id, pageQuery, readCursor, toPage } from '../../http/schemas.ts';
import * as schemas from './schemas.ts';
import type { TicketsService } from './service.ts';

export const createRoutes = (tickets: TicketsService): Route[] => [
  route({
    method: 'post',
    path: '/purchases',
    summary: 'Buy seats: all of them or none',
    access: 'user',
    creates: true,
    body: schemas.order,
    replies: { 201: schemas.purchase },
    problems: {
      404: ['not_found'],
      409: ['seats_taken', 'screening_cancelled', 'screening_started'],
      422: ['no_such_seat'],
    },
    handle: async ({ identity, body, once }) => {
      // Before the transaction: the catalog may need a connection of its own, or lie behind the network. What it refuses
      // is thrown inside, because the repeat of a purchase gets its stored answer though the screening has started since.
      const [prepared] = await Promise.allSettled([tickets.prepare(body.screeningId, body.seats)]);
      return once(async (transaction) => {
        if (prepared.status === 'rejected') throw prepared.reason;
        const purchase = await tickets.buy(transaction, identity.userId, prepared.value, body.seats);
        return created(purchase, `/v1/tickets/purchases/${purchase.id}`);
      });
    },
  }),
  route({
    method: 'get',
    path: '/purchases',
    summary: 'My tickets, the newest first',
    access: 'user',
    query: pageQuery,
    replies: { 200: schemas.purchasePage },
    handle: async ({ identity, query: { limit, cursor } }) => {
      const [before] = readCursor(cursor, [id]) ?? [];
      const purchases = await tickets.list(identity.userId, before, limit + 1);
      return ok(toPage(purchases, limit, (purchase) => [purchase.id]));
    },
  }),
  route({
    method: 'get',
    path: '/purchases/:id',
    summary: 'One of my purchases',
    access: 'user',
    params: byId,
    replies: { 200: schemas.purchase },
    problems: { 404: ['not_found'] },
    handle: async ({ identity, params }) => ok(await tickets.find(identity.userId, params.id)),
  }),
  route({
    method: 'post',
    path: '/purchases/:id/cancel',
    summary: 'Give the seats back; repeating it changes nothing',
    access: 'user',
    params: byId,
    replies: { 200: schemas.purchase },
    problems: { 404: ['not_found'], 409: ['screening_started'] },
    handle: async ({ identity, params }) => ok(await tickets.cancel(identity.userId, params.id)),
  }),
  route({
    method: 'get',
    path: '/sales',
    summary: 'The nightly sales report, by screening',
    access: ['staff', 'admin'],
    query: pageQuery,
    replies: { 200: schemas.salesPage },
    handle: async ({ query: { limit, cursor } }) => {
      const [after] = readCursor(cursor, [id]) ?? [];
      const sales = await tickets.sales(after, limit + 1);
      return ok(toPage(sales, limit, (report) => [report.screeningId]));
    },
  }),
];

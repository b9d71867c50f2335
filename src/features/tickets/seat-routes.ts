import { noContent, ok, type Route, route } from '../../http/route.ts';
import { byId } from '../../http/schemas.ts';
import type { Holds } from './holds.ts';
import * as schemas from './schemas.ts';
import type { TicketsService } from './service.ts';

/** The seats of a screening: who wants to buy looks, is told of changes, and holds some. */
export const createSeatRoutes = (tickets: TicketsService, holds: Holds): Route[] => [
  route({
    method: 'get',
    path: '/screenings/:id/seats',
    summary: 'The seat map of a screening',
    access: 'public',
    params: byId,
    replies: { 200: schemas.seatMap },
    problems: { 404: ['not_found'] },
    handle: async ({ params }) => ok(await tickets.seatMap(params.id)),
  }),
  route({
    method: 'get',
    path: '/screenings/:id/events',
    summary: 'The seats as they change: `seats` has all that are taken, each `change` the difference',
    access: 'public',
    streams: true,
    params: byId,
    replies: { 200: schemas.seatChange },
    problems: { 404: ['not_found'], 429: ['too_many_streams'], 503: ['instance_full'] },
    handle: async ({ params }) => ({ status: 200, events: await tickets.followSeats(params.id) }),
  }),
  route({
    method: 'get',
    path: '/screenings/:id/holds',
    summary: 'The seats that I hold',
    access: 'user',
    params: byId,
    replies: { 200: schemas.holds },
    handle: async ({ identity, params }) => ok({ items: await holds.list(identity.userId, params.id) }),
  }),
  route({
    method: 'post',
    path: '/screenings/:id/holds',
    summary: 'Hold seats for some minutes: all of them or none; repeating it changes nothing',
    access: 'user',
    params: byId,
    body: schemas.wantedSeats,
    replies: { 200: schemas.holds },
    problems: {
      404: ['not_found'],
      409: ['seats_taken', 'too_many_holds', 'screening_cancelled', 'screening_started'],
      422: ['no_such_seat'],
    },
    handle: async ({ identity, params, body }) =>
      ok({ items: await holds.hold(identity.userId, params.id, body.seats) }),
  }),
  route({
    method: 'delete',
    path: '/screenings/:id/holds',
    summary: 'Let go all seats that I hold',
    access: 'user',
    params: byId,
    replies: { 204: null },
    handle: async ({ identity, params }) => {
      await holds.release(identity.userId, params.id);
      return noContent;
    },
  }),
  route({
    method: 'delete',
    path: '/screenings/:id/holds/:seat',
    summary: 'Let go one seat that I hold',
    access: 'user',
    params: schemas.oneSeat,
    replies: { 204: null },
    handle: async ({ identity, params }) => {
      await holds.release(identity.userId, params.id, params.seat);
      return noContent;
    },
  }),
];

import { created, ok, type Route, route } from '../../../../src/http/route.ts';
import { byId, id, pageQuery, readCursor, toPage } from '../../../../src/http/schemas.ts';
import * as schemas from './schemas.ts';
import type { ThingsService } from './service.ts';

export const createRoutes = (things: ThingsService): Route[] => [
  route({
    method: 'get',
    path: '/',
    summary: 'Mine, the newest first',
    access: 'user',
    query: pageQuery,
    replies: { 200: schemas.thingPage },
    handle: async ({ identity, query: { limit, cursor } }) => {
      const [before] = readCursor(cursor, [id]) ?? [];
      const found = await things.list(identity.userId, before, limit + 1);
      return ok(toPage(found, limit, (thing) => [thing.id]));
    },
  }),
  route({
    method: 'get',
    path: '/:id',
    summary: 'One of mine',
    access: 'user',
    params: byId,
    replies: { 200: schemas.thing },
    problems: { 404: ['not_found'] },
    handle: async ({ identity, params }) => ok(await things.find(params.id, identity.userId)),
  }),
  route({
    method: 'post',
    path: '/',
    summary: 'Add one',
    access: 'user',
    creates: true,
    body: schemas.thingInput,
    replies: { 201: schemas.thing },
    problems: { 409: ['thing_exists'] },
    handle: ({ identity, body, once }) =>
      once(async (transaction) => {
        const thing = await things.add(transaction, identity.userId, body);
        return created(thing, `/v1/things/${thing.id}`);
      }),
  }),
];

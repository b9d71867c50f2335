import type { Request } from 'express';
import { created, type Reply, type Route, route } from '../../http/route.ts';
import { byId, exactTime, id, pageQuery, readCursor, toPage } from '../../http/schemas.ts';
import type { CatalogCache } from './cache.ts';
import * as schemas from './schemas.ts';
import type { CatalogService } from './service.ts';

/** Public and cacheable, but asked after each time: a browser or CDN keeps it and gets a 304 while it is the same. */
const CACHE_CONTROL = 'public, no-cache';

export const createRoutes = (catalog: CatalogService, cache: CatalogCache): Route[] => {
  const cached = async (request: Request, read: () => Promise<unknown>): Promise<Reply> => {
    const { json, etag } = await cache.get(request.originalUrl, read);
    const headers = { ETag: etag, 'Cache-Control': CACHE_CONTROL };
    const known = request.get('if-none-match')?.split(/\s*,\s*/) ?? [];
    // Compared weakly (RFC 9110 section 13.1.2): a proxy that compresses makes the tag weak.
    if (known.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag)) return { status: 304, headers };
    return { status: 200, json, headers };
  };

  return [
    route({
      method: 'get',
      path: '/movies',
      summary: 'All movies, in the order they were added',
      access: 'public',
      query: pageQuery,
      replies: { 200: schemas.moviePage, 304: null },
      handle: ({ query: { limit, cursor }, http }) => {
        const [after] = readCursor(cursor, [id]) ?? [];
        return cached(http.request, async () =>
          toPage(await catalog.listMovies(after, limit + 1), limit, (movie) => [movie.id]),
        );
      },
    }),
    route({
      method: 'get',
      path: '/movies/:id',
      summary: 'One movie',
      access: 'public',
      params: byId,
      replies: { 200: schemas.movie, 304: null },
      problems: { 404: ['not_found'] },
      handle: ({ params, http }) => cached(http.request, () => catalog.findMovie(params.id)),
    }),
    route({
      method: 'post',
      path: '/movies',
      summary: 'Add a movie',
      access: ['staff', 'admin'],
      creates: true,
      body: schemas.movieInput,
      replies: { 201: schemas.movie },
      handle: async ({ body, once }) => {
        const reply = await once(async (transaction) => {
          const movie = await catalog.addMovie(transaction, body);
          return created(movie, `/v1/catalog/movies/${movie.id}`);
        });
        await cache.invalidate();
        return reply;
      },
    }),
    route({
      method: 'put',
      path: '/movies/:id',
      summary: 'Change a movie',
      access: ['staff', 'admin'],
      params: byId,
      body: schemas.movieInput,
      replies: { 200: schemas.movie },
      problems: { 404: ['not_found'] },
      handle: async ({ params, body }) => {
        const movie = await catalog.changeMovie({ id: params.id, ...body });
        await cache.invalidate();
        return { status: 200, body: movie };
      },
    }),
    route({
      method: 'get',
      path: '/screenings',
      summary: 'Screenings to come, the next first',
      access: 'public',
      query: schemas.screeningQuery,
      replies: { 200: schemas.screeningPage, 304: null },
      handle: ({ query: { limit, cursor, movieId }, http }) => {
        const [startsAt, lastId] = readCursor(cursor, [exactTime, id]) ?? [];
        const after = startsAt && lastId ? ([startsAt, lastId] as const) : undefined;
        return cached(http.request, async () =>
          toPage(await catalog.listScreenings({ movieId, after, limit: limit + 1 }), limit, (screening) => [
            screening.startsAt,
            screening.id,
          ]),
        );
      },
    }),
    route({
      method: 'get',
      path: '/screenings/:id',
      summary: 'One screening',
      access: 'public',
      params: byId,
      replies: { 200: schemas.screening, 304: null },
      problems: { 404: ['not_found'] },
      handle: ({ params, http }) => cached(http.request, () => catalog.findScreening(params.id)),
    }),
    route({
      method: 'post',
      path: '/screenings',
      summary: 'Add a screening',
      access: ['staff', 'admin'],
      creates: true,
      body: schemas.screeningInput,
      replies: { 201: schemas.screening },
      problems: { 404: ['not_found'], 409: ['auditorium_taken'] },
      handle: async ({ body, once }) => {
        const reply = await once(async (transaction) => {
          const screening = await catalog.addScreening(transaction, body);
          return created(screening, `/v1/catalog/screenings/${screening.id}`);
        });
        await cache.invalidate();
        return reply;
      },
    }),
    route({
      method: 'post',
      path: '/screenings/:id/cancel',
      summary: 'Call a screening off: its tickets are refunded; repeating it changes nothing',
      access: ['staff', 'admin'],
      params: byId,
      replies: { 200: schemas.screening },
      problems: { 404: ['not_found'], 409: ['screening_started'] },
      handle: async ({ params }) => {
        const screening = await catalog.cancelScreening(params.id);
        await cache.invalidate();
        return { status: 200, body: screening };
      },
    }),
  ];
};

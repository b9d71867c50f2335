import { pick, type Scenario } from './scenario.ts';
import type { Screenings } from './screenings.ts';

/** Looks at what is on. Half of the lists come with the tag of what the browser has already. */
export const createBrowse = (screenings: Screenings): Scenario => {
  const known = new Map<string, string>(); // what a browser keeps, and asks after: entity tags by path
  return {
    name: 'browse',
    requestsPerVisit: 4,
    prepare: (visitor, token) => screenings.add(visitor, token, 0),
    visit: async (visitor) => {
      const get = async (name: string, path = name.slice(4)) => {
        const tag = Math.random() < 0.5 ? known.get(path) : undefined;
        const headers = tag ? { 'if-none-match': tag } : {};
        const answer = await visitor.call({ name, path, headers, expects: tag ? [200, 304] : [200] });
        known.set(path, String(answer.headers.etag));
      };
      const id = pick(screenings.ids);
      await get('GET /v1/catalog/movies');
      await visitor.think(1);
      await get('GET /v1/catalog/screenings');
      await visitor.think(1);
      await get('GET /v1/catalog/screenings/:id', `/v1/catalog/screenings/${id}`);
      await visitor.think(1);
      await visitor.call({
        name: 'GET /v1/tickets/screenings/:id/seats',
        path: `/v1/tickets/screenings/${id}/seats`,
      });
    },
  };
};

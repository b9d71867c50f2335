import { randomUUID } from 'node:crypto';
import type { Visitor } from '../generator/visitor.ts';
import { createdBy } from './scenario.ts';

/** A usual auditorium. Half of its seats are sold when visitors begin to fight for the rest; then they go on to another. */
const ROWS = 12;
const SEATS_PER_ROW = 20;
const SELLABLE = (ROWS * SEATS_PER_ROW) / 2;

/** What those who look and those who buy meet at. */
export const createScreenings = () => {
  const ids: string[] = [];
  return {
    ids,
    /** Adds screenings with so many seats to sell; one at least. */
    add: async (visitor: Visitor, token: string, seats: number): Promise<void> => {
      const movie = { title: 'Load test', description: 'Made by npm run load.', minutes: 90 };
      const movieId = await createdBy(visitor, token, 'POST /v1/catalog/movies', movie);
      for (let made = 0; made <= seats; made += SELLABLE) {
        const screening = {
          movieId,
          auditorium: `Load test ${randomUUID()}`,
          startsAt: new Date(Date.now() + 86_400_000).toISOString(),
          rows: ROWS,
          seatsPerRow: SEATS_PER_ROW,
          priceCents: 900,
        };
        ids.push(await createdBy(visitor, token, 'POST /v1/catalog/screenings', screening));
      }
    },
  };
};

export type Screenings = ReturnType<typeof createScreenings>;

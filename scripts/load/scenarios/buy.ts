import { randomUUID } from 'node:crypto';
import { pick, type Scenario } from './scenario.ts';
import type { Screenings } from './screenings.ts';

const TRIES = 3;

/** Looks for a free seat and buys it; who was too slow looks again. The 409 is an answer, not a failure. */
export const createBuy = (screenings: Screenings): Scenario => ({
  name: 'buy',
  requestsPerVisit: 2,
  prepare: (visitor, token, visits) => screenings.add(visitor, token, visits), // a seat each
  visit: async (visitor, { customers }) => {
    const { token } = pick(customers);
    const screeningId = pick(screenings.ids);
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const path = `/v1/tickets/screenings/${screeningId}/seats`;
      const { body } = await visitor.call({ name: 'GET /v1/tickets/screenings/:id/seats', path });
      const seats: { seat: string; sold: boolean; held: boolean }[] = body.seats;
      const free = seats.filter(({ sold, held }) => !sold && !held);
      if (free.length === 0) return;
      await visitor.think(1);
      const { status } = await visitor.call({
        name: 'POST /v1/tickets/purchases',
        token,
        headers: { 'idempotency-key': randomUUID() },
        json: { screeningId, seats: [pick(free).seat] },
        expects: [201, 409],
      });
      if (status === 201) return;
    }
  },
});

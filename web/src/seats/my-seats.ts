import { api, dataOf, type Schemas } from '../api.ts';
import { createAttempt } from '../attempt.ts';

type Hold = Schemas['Holds']['items'][number];

/** What the logged-in user holds and has bought of one screening. */
export const createMySeats = (screeningId: string, userId: string) => {
  const at = { path: { id: screeningId } };
  const purchase = createAttempt(`tickets:${screeningId}:${userId}`, (seats: string[], key) =>
    dataOf(
      api.POST('/v1/tickets/purchases', {
        body: { screeningId, seats },
        headers: { 'Idempotency-Key': key },
      }),
    ),
  );
  let holds: Hold[] = [];
  let bought: string[] = [];

  return {
    purchase,
    holds: () => holds,
    isHeld: (seat: string) => holds.some((hold) => hold.seat === seat),
    isBought: (seat: string) => bought.includes(seat),
    /** Reads both anew. @throws {Problem} */
    read: async () => {
      const [held, purchases] = await Promise.all([
        dataOf(api.GET('/v1/tickets/screenings/{id}/holds', { params: at })),
        dataOf(api.GET('/v1/tickets/purchases', { params: { query: { limit: 100 } } })),
      ]);
      holds = held.items;
      bought = purchases.items
        .filter((one) => one.screeningId === screeningId && !one.cancelledAt)
        .flatMap(({ seats }) => seats);
    },
    /** @throws {Problem} `seats_taken`, `too_many_holds`, `screening_started`. */
    hold: async (seat: string) => {
      const call = api.POST('/v1/tickets/screenings/{id}/holds', { params: at, body: { seats: [seat] } });
      const { items } = await dataOf(call);
      const told = new Set(items.map((item) => item.seat));
      // Kept beside what is told: answers to quick clicks may come in another order.
      holds = [...holds.filter((hold) => !told.has(hold.seat)), ...items];
    },
    letGo: async (seat: string) => {
      const params = { path: { id: screeningId, seat } };
      await dataOf(api.DELETE('/v1/tickets/screenings/{id}/holds/{seat}', { params }));
      holds = holds.filter((hold) => hold.seat !== seat);
    },
  };
};

export type MySeats = ReturnType<typeof createMySeats>;

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
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other, or the answer to an earlier question could undo what a later one told. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work, work);
    last = result;
    return result;
  };
  let bought: string[] = [];

  return {
    purchase,
    holds: () => holds,
    isHeld: (seat: string) => holds.some((hold) => hold.seat === seat),
    isBought: (seat: string) => bought.includes(seat),
    /** Reads both anew. @throws {Problem} */
    read: () =>
      inTurn(async () => {
        const [held, purchases] = await Promise.all([
          dataOf(api.GET('/v1/tickets/screenings/{id}/holds', { params: at })),
          dataOf(api.GET('/v1/tickets/purchases', { params: { query: { limit: 100 } } })),
        ]);
        holds = held.items;
        bought = purchases.items
          .filter((one) => one.screeningId === screeningId && !one.cancelledAt)
          .flatMap(({ seats }) => seats);
      }),
    /** @throws {Problem} `seats_taken`, `too_many_holds`, `screening_started`. */
    hold: (seat: string) =>
      inTurn(async () => {
        const call = api.POST('/v1/tickets/screenings/{id}/holds', { params: at, body: { seats: [seat] } });
        holds = (await dataOf(call)).items;
      }),
    letGo: (seat: string) =>
      inTurn(async () => {
        const params = { path: { id: screeningId, seat } };
        await dataOf(api.DELETE('/v1/tickets/screenings/{id}/holds/{seat}', { params }));
        holds = holds.filter((hold) => hold.seat !== seat);
      }),
  };
};

export type MySeats = ReturnType<typeof createMySeats>;

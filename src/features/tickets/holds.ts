import { conflict } from '../../errors.ts';
import type { Database } from '../../infrastructure/database.ts';
import type { Screening } from '../catalog/contract.ts';
import type { LiveSeats } from './live-seats.ts';
import * as store from './seat-store.ts';

/** A seat that somebody else has, sold or held, is refused by the same code whatever is wanted of it. */
export const seatsTaken = (seats: string[]) =>
  conflict('seats_taken', 'Somebody else has these seats.', { seats });

interface HoldParts {
  database: Database;
  live: LiveSeats;
  limits: { seconds: number; seatsPerUser: number };
  /** @throws {AppError} 404, 409 `screening_started`, 422 `no_such_seat`. */
  prepare(screeningId: string, seats: string[]): Promise<Screening>;
}

/** The rules of holds: a seat is held for one user, for a limited time that repeating does not extend. */
export const createHolds = ({ database, live, limits, prepare }: HoldParts) => ({
  /** Holds all of the seats or none. @throws {AppError} 409 `seats_taken` or `too_many_holds`, and those of prepare. */
  hold: async (userId: string, screeningId: string, seats: string[]): Promise<store.Hold[]> => {
    await prepare(screeningId, seats);
    const { seconds, seatsPerUser } = limits;
    return database.transaction(async (transaction) => {
      const request = { userId, screeningId, seats: seats.toSorted(), seconds };
      const { holds, count } = await store.insertHolds(transaction, request);
      const mine = new Set(holds.map(({ seat }) => seat));
      const taken = request.seats.filter((seat) => !mine.has(seat));
      if (taken.length > 0) throw seatsTaken(taken);
      if (count > seatsPerUser)
        throw conflict('too_many_holds', `Only ${seatsPerUser} seats can be held at a time.`, {
          limit: seatsPerUser,
        });
      transaction.afterCommit(() => live.changed(screeningId));
      return holds;
    });
  },

  list: (userId: string, screeningId: string) => store.listHolds(database, userId, screeningId),

  /** Lets one seat go, or all of the screening; repeating it changes nothing. */
  release: async (userId: string, screeningId: string, seat?: string): Promise<void> => {
    const released = await database.transaction((transaction) =>
      store.deleteHolds(transaction, userId, screeningId, seat),
    );
    if (released > 0) live.changed(screeningId);
  },
});

export type Holds = ReturnType<typeof createHolds>;

import { v7 as uuidv7 } from 'uuid';
import { AppError, conflict, notFound } from '../../errors.ts';
import type { Database, Transaction } from '../../infrastructure/database.ts';
import type { Outbox } from '../../infrastructure/outbox.ts';
import type { CatalogContract, Screening } from '../catalog/contract.ts';
import type { Cancellation } from './cancellation.ts';
import { seatsTaken } from './holds.ts';
import type { ReceiptJob } from './jobs.ts';
import type { LiveSeats } from './live-seats.ts';
import { listTakenSeats } from './seat-store.ts';
import { hasSeat, seatsOf } from './seats.ts';
import * as store from './store.ts';

const noSuchSeats = (seats: string[]) =>
  new AppError({
    code: 'no_such_seat',
    status: 422,
    detail: 'The auditorium does not have these seats.',
    extensions: { seats },
  });

const cancelled = () => conflict('screening_cancelled', 'The screening will not take place.');
const started = () => conflict('screening_started', 'The screening has started.');

interface TicketsParts {
  database: Database;
  catalog: CatalogContract;
  outbox: Outbox;
  receipt: ReceiptJob;
  live: LiveSeats;
  cancellation: Cancellation;
}

/** The rules of tickets: a seat is sold once, and a purchase gets all its seats or none. */
export const createTicketsService = ({
  database,
  catalog,
  outbox,
  receipt,
  live,
  cancellation,
}: TicketsParts) => ({
  /** @throws {AppError} 404. */
  seatMap: async (screeningId: string) => {
    const screening = await catalog.findScreening(screeningId);
    const taken = (await listTakenSeats(database, [screeningId])).get(screeningId);
    const [sold, held] = [new Set(taken?.sold), new Set(taken?.held)];
    const seats = seatsOf(screening).map((seat) => ({ seat, sold: sold.has(seat), held: held.has(seat) }));
    return { screeningId, priceCents: screening.priceCents, seats };
  },

  /** The seats' events from now on. @throws {AppError} 404. */
  followSeats: async (screeningId: string) => {
    await catalog.findScreening(screeningId);
    return live.follow(screeningId);
  },

  /** Checks what needs no transaction. @throws {AppError} 404, 409 `screening_cancelled` or `screening_started`, 422 `no_such_seat`. */
  prepare: async (screeningId: string, seats: string[]): Promise<Screening> => {
    const screening = await catalog.findScreening(screeningId);
    if (screening.cancelledAt) throw cancelled();
    if (Date.parse(screening.startsAt) <= Date.now()) throw started();
    const unknown = seats.filter((seat) => !hasSeat(screening, seat));
    if (unknown.length > 0) throw noSuchSeats(unknown);
    return screening;
  },

  /** @throws {AppError} 409 `seats_taken`, which names them; the caller's transaction must then be undone. */
  buy: async (
    transaction: Transaction,
    userId: string,
    screening: Screening,
    seats: string[],
  ): Promise<store.Purchase> => {
    const { purchase, taken } = await store.insertPurchase(transaction, {
      id: uuidv7(),
      userId,
      screeningId: screening.id,
      startsAt: screening.startsAt,
      seats: seats.toSorted(),
      totalCents: seats.length * screening.priceCents,
    });
    if (taken.length > 0) throw seatsTaken(taken);
    const { startsAt } = screening;
    outbox.enqueue(transaction, receipt, {
      purchaseId: purchase.id,
      userId,
      seats: purchase.seats,
      startsAt,
      totalCents: purchase.totalCents,
    });
    transaction.afterCommit(() => live.changed(screening.id));
    return purchase;
  },

  /** Frees the seats and pays back; repeating it changes nothing. @throws {AppError} 404, 409 `screening_started`. */
  cancel: async (userId: string, id: string): Promise<store.Purchase> => {
    const done = await database.transaction(async (transaction) => {
      const purchase = await store.cancelPurchase(transaction, userId, id);
      if (purchase) cancellation.settle(transaction, { ...purchase, userId });
      return purchase;
    });
    if (done) live.changed(done.screeningId);
    const purchase = done ?? (await store.findPurchase(database, userId, id));
    if (!purchase) throw notFound('purchase');
    if (!purchase.cancelledAt) throw started();
    return purchase;
  },

  /** @throws {AppError} 404. */
  find: async (userId: string, id: string): Promise<store.Purchase> => {
    const purchase = await store.findPurchase(database, userId, id);
    if (!purchase) throw notFound('purchase');
    return purchase;
  },

  sales: (after: string | undefined, limit: number) => store.listSales(database, after, limit),

  list: (userId: string, before: string | undefined, limit: number) =>
    store.listPurchases(database, userId, before, limit),
});

export type TicketsService = ReturnType<typeof createTicketsService>;

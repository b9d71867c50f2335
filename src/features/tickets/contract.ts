import { z } from 'zod';
import { type Calls, defineContract } from '../../http/contracts/contract.ts';
import { defineEvent } from '../events.ts';

/** What other features may know of a purchase. */
const purchase = z.object({
  id: z.uuid(),
  screeningId: z.uuid(),
  cancelledAt: z.iso.datetime().nullable(),
});

/** Tickets as their neighbours see them. */
export const ticketsContract = defineContract('tickets', {
  /** The purchase of this id, of the user for whom it is asked; 404 `not_found`. */
  findPurchase: { input: z.uuid(), output: purchase, idempotent: true },
});

/** A purchase was cancelled, by its buyer or with its screening. */
export const purchaseCancelled = defineEvent({
  name: 'tickets.purchase-cancelled.v1',
  payload: z.object({ purchaseId: z.uuid(), userId: z.uuid() }),
});

export type TicketsContract = Calls<typeof ticketsContract>;

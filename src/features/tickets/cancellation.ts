import { z } from 'zod';
import type { Transaction } from '../../infrastructure/database.ts';
import { defineJob } from '../../infrastructure/jobs.ts';
import type { Mailer } from '../../infrastructure/mailer.ts';
import type { Outbox } from '../../infrastructure/outbox.ts';
import type { AccountsContract } from '../accounts/contract.ts';
import { screeningCancelled } from '../catalog/contract.ts';
import { subscribe } from '../events.ts';
import * as store from './cancellation-store.ts';
import { purchaseCancelled } from './contract.ts';
import type { LiveSeats } from './live-seats.ts';
import { seatsOf } from './seats.ts';

/** Pays a cancelled purchase back, once, and says so. */
export const createRefundJob = (mailer: Mailer, accounts: AccountsContract) =>
  defineJob({
    name: 'tickets.refund',
    lane: 'urgent',
    payload: z.strictObject({ purchaseId: z.uuid(), userId: z.uuid(), totalCents: z.int() }),
    run: async ({ payload: { purchaseId, userId, totalCents }, transaction }) => {
      const { email, name } = await accounts.findAccount(userId);
      await store.markRefunded(transaction, purchaseId);
      await mailer.send({
        id: `refund-${purchaseId}`,
        to: email,
        subject: 'Your refund',
        text: `Dear ${name},\n\nyour tickets are cancelled, and ${(totalCents / 100).toFixed(2)} is on its way back to you.\n`,
      });
    },
  });

interface CancellationParts {
  outbox: Outbox;
  refund: ReturnType<typeof createRefundJob>;
  live: LiveSeats;
}

/** What a cancelled purchase leads to; due when its transaction commits. */
export const createCancellation = ({ outbox, refund, live }: CancellationParts) => {
  const settle = (
    transaction: Transaction,
    { id: purchaseId, userId, totalCents }: store.CancelledPurchase,
  ) => {
    outbox.enqueue(transaction, refund, { purchaseId, userId, totalCents });
    outbox.enqueue(transaction, purchaseCancelled, { purchaseId, userId });
  };
  return {
    settle,
    /** The screening is off: nobody buys from now on, and all who did are paid back. */
    onScreeningCancelled: subscribe(screeningCancelled, async ({ payload, transaction }) => {
      const { screeningId } = payload;
      await store.closeSeats(transaction, screeningId, seatsOf(payload).toSorted());
      for (const purchase of await store.cancelPurchasesOf(transaction, screeningId))
        settle(transaction, purchase);
      transaction.afterCommit(() => live.changed(screeningId));
    }),
  };
};

export type Cancellation = ReturnType<typeof createCancellation>;

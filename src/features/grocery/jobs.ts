import { z } from 'zod';
import { defineJob } from '../../infrastructure/jobs.ts';
import type { Mailer } from '../../infrastructure/mailer.ts';
import type { AccountsContract } from '../accounts/contract.ts';

/** Mails the receipt of an order. */
export const createReceiptJob = (mailer: Mailer, accounts: AccountsContract) =>
  defineJob({
    name: 'grocery.receipt',
    lane: 'urgent',
    payload: z.strictObject({ orderId: z.uuid(), userId: z.uuid(), totalCents: z.int() }),
    run: async ({ payload: { orderId, userId, totalCents } }) => {
      const { email, name } = await accounts.findAccount(userId);
      const total = (totalCents / 100).toFixed(2);
      await mailer.send({
        id: `order-${orderId}`,
        to: email,
        subject: `Your order, ${total}`,
        text: `Dear ${name},\n\nyour order ${orderId} waits at the counter. Paid: ${total}.\n`,
      });
    },
  });

export type ReceiptJob = ReturnType<typeof createReceiptJob>;

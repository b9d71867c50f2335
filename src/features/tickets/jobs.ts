import { z } from 'zod';
import { defineJob, noPayload, type Schedule } from '../../infrastructure/jobs.ts';
import type { Mailer } from '../../infrastructure/mailer.ts';
import type { AccountsContract } from '../accounts/contract.ts';

/** Mails the receipt of a purchase. */
export const createReceiptJob = (mailer: Mailer, accounts: AccountsContract) =>
  defineJob({
    name: 'tickets.receipt',
    lane: 'urgent',
    payload: z.strictObject({
      purchaseId: z.uuid(),
      userId: z.uuid(),
      seats: z.array(z.string()),
      startsAt: z.string(),
      totalCents: z.int(),
    }),
    run: async ({ payload: { purchaseId, userId, seats, startsAt, totalCents } }) => {
      const { email, name } = await accounts.findAccount(userId);
      await mailer.send({
        id: `ticket-${purchaseId}`,
        to: email,
        subject: `Your tickets: ${seats.join(', ')}`,
        text: `Dear ${name},\n\nseats ${seats.join(', ')}, ${startsAt}, ${(totalCents / 100).toFixed(2)}.\n`,
      });
    },
  });

export type ReceiptJob = ReturnType<typeof createReceiptJob>;

/** The sales of every screening as they stand; repeating it gives the same. */
export const salesReportNightly: Schedule = {
  pattern: '30 3 * * *',
  timezone: 'Europe/Berlin', // the cinema's own night
  job: defineJob({
    name: 'tickets.sales-report',
    lane: 'bulk',
    payload: noPayload,
    run: async ({ transaction }) => {
      await transaction.run(`
        insert into tickets.sales_reports (screening_id, purchases, seats, total_cents)
        select screening_id, count(*), sum(cardinality(seats)), sum(total_cents)
        from tickets.purchases where cancelled_at is null group by screening_id
        on conflict (screening_id) do update set purchases = excluded.purchases, seats = excluded.seats,
          total_cents = excluded.total_cents, made_at = now();
        delete from tickets.sales_reports report where not exists (
          select from tickets.purchases where screening_id = report.screening_id and cancelled_at is null)`);
    },
  }),
};

import { KEY_LIFETIME_HOURS } from '../http/idempotency.ts';
import { defineJob, noPayload, type Schedule } from '../infrastructure/jobs.ts';

/** Deletes what a feature's schema no longer needs: done jobs after a week, idempotency replies after their lifetime, and what `own` deletes. */
export const cleanUpHourly = (schema: string, ...own: string[]): Schedule => ({
  pattern: '17 * * * *', // not on the hour, when everybody's jobs run
  timezone: 'UTC',
  job: defineJob({
    name: `${schema}.clean-up`,
    lane: 'bulk',
    payload: noPayload,
    run: async ({ transaction }) => {
      await transaction.run(`delete from ${schema}.jobs where done_at < now() - interval '7 days'`);
      await transaction.run(
        `delete from ${schema}.idempotency_keys where created_at < now() - interval '${KEY_LIFETIME_HOURS} hours'`,
      );
      for (const sql of own) await transaction.run(sql);
    },
  }),
});

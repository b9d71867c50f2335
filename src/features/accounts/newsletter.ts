import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { notFound } from '../../errors.ts';
import type { Database, Queryable, Transaction } from '../../infrastructure/database.ts';
import { defineJob } from '../../infrastructure/jobs.ts';
import type { Mailer } from '../../infrastructure/mailer.ts';
import type { Outbox } from '../../infrastructure/outbox.ts';

/** Mails of one job: some seconds of work, so that a killed worker repeats little. */
const BATCH = 50;

interface Newsletter {
  id: string;
  subject: string;
  text: string;
}

export interface NewsletterState extends Newsletter {
  recipients: number;
  sent: number;
}

interface Recipient {
  id: string;
  email: string;
}

interface NewsletterParts {
  database: Database;
  mailer: Mailer;
  outbox: Outbox;
}

const findNewsletter = async (db: Queryable, id: string): Promise<Newsletter> => {
  const [newsletter] = await db.query<Newsletter>(
    'select id, subject, text from accounts.newsletters where id = $1',
    [id],
  );
  if (!newsletter) throw notFound('newsletter');
  return newsletter;
};

/**
 * A newsletter is one job that makes a job for each batch of customers, and each batch notes every mail it sent, so
 * that whatever is killed, the sending goes on where it was.
 */
export const createNewsletter = ({ database, mailer, outbox }: NewsletterParts) => {
  /** Each mail commits by itself; a crash in between repeats one mail, with the same Message-ID, and not the batch. */
  const sendOnce = (newsletter: Newsletter, { id, email }: Recipient) =>
    database.transaction(async (transaction) => {
      const fresh = await transaction.query(
        `insert into accounts.newsletter_mails (newsletter_id, user_id) values ($1, $2)
         on conflict do nothing returning user_id`,
        [newsletter.id, id],
      );
      if (fresh.length === 0) return;
      const { subject, text } = newsletter;
      await mailer.send({ to: email, subject, text, id: `newsletter-${newsletter.id}-${id}` });
    });

  const batch = defineJob({
    name: 'accounts.newsletter-batch',
    lane: 'bulk',
    payload: z.strictObject({ newsletterId: z.uuid(), userIds: z.array(z.uuid()).max(BATCH) }),
    run: async ({ payload, transaction }) => {
      const newsletter = await findNewsletter(transaction, payload.newsletterId);
      const recipients = await transaction.query<Recipient>(
        'select id, email from accounts.users where id = any($1)',
        [payload.userIds],
      );
      for (const recipient of recipients) await sendOnce(newsletter, recipient);
    },
  });

  const start = defineJob({
    name: 'accounts.newsletter',
    lane: 'bulk',
    payload: z.strictObject({ newsletterId: z.uuid() }),
    run: async ({ payload: { newsletterId }, transaction }) => {
      const users = await transaction.query<{ id: string }>(
        `select id from accounts.users where role = 'customer'`,
      );
      for (let index = 0; index < users.length; index += BATCH) {
        const userIds = users.slice(index, index + BATCH).map((user) => user.id);
        outbox.enqueue(transaction, batch, { newsletterId, userIds });
      }
    },
  });

  return {
    jobs: [start, batch],

    publish: async (
      transaction: Transaction,
      input: { subject: string; text: string },
    ): Promise<Newsletter> => {
      const newsletter = { id: uuidv7(), ...input };
      await transaction.query('insert into accounts.newsletters (id, subject, text) values ($1, $2, $3)', [
        newsletter.id,
        newsletter.subject,
        newsletter.text,
      ]);
      outbox.enqueue(transaction, start, { newsletterId: newsletter.id });
      return newsletter;
    },

    /** How far the sending is. @throws {AppError} 404. */
    state: async (id: string): Promise<NewsletterState> => {
      const newsletter = await findNewsletter(database, id);
      const [counts] = await database.query<{ recipients: number; sent: number }>(
        `select (select count(*)::int from accounts.users where role = 'customer') as recipients,
           (select count(*)::int from accounts.newsletter_mails where newsletter_id = $1) as sent`,
        [id],
      );
      return { ...newsletter, recipients: counts?.recipients ?? 0, sent: counts?.sent ?? 0 };
    },
  };
};

export type NewsletterService = ReturnType<typeof createNewsletter>;

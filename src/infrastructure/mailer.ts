import { createTransport } from 'nodemailer';
import type { Config } from '../config.ts';
import type { Logger } from './logger.ts';

export interface Mail {
  to: string;
  subject: string;
  text: string;
  /** Becomes the Message-ID: a mail that is sent again after a crash is the same mail, and mailboxes show it once. */
  id: string;
}

export interface Mailer {
  /** @throws when the server refuses the mail or does not answer; the job is tried again. */
  send(mail: Mail): Promise<void>;
  close(): void;
}

/** Sends over SMTP; without SMTP_URL it writes the mail to the log, so that a clone needs no mail server. */
export const createMailer = (config: Config['mail'], logger: Logger): Mailer => {
  const domain = new URL(config.publicUrl).hostname;
  if (!config.smtpUrl) {
    return {
      send: async ({ to, subject, id }) =>
        logger.info({ to, subject, mail: id }, 'no SMTP_URL: mail not sent'),
      close: () => {},
    };
  }
  // Timeouts in milliseconds: below the lock of a job, so that a hung server fails the job instead of stalling it.
  const timeouts = { connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 8_000 };
  const transport = createTransport({ url: config.smtpUrl, pool: true, maxConnections: 5, ...timeouts });
  return {
    send: async ({ to, subject, text, id }) => {
      await transport.sendMail({ from: config.from, to, subject, text, messageId: `<${id}@${domain}>` });
    },
    close: () => transport.close(),
  };
};

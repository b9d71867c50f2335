import { createOutbox } from '../../infrastructure/outbox.ts';
import type { AccountsContract } from '../accounts/contract.ts';
import type { CatalogContract } from '../catalog/contract.ts';
import { cleanUpHourly } from '../clean-up.ts';
import type { Feature, Parts } from '../feature.ts';
import { createReceiptJob, salesReportNightly } from './jobs.ts';
import { migrations } from './migrations.ts';
import { createRoutes } from './routes.ts';
import { createTicketsService } from './service.ts';

interface Neighbours {
  accounts: AccountsContract;
  catalog: CatalogContract;
}

export const createTickets = (parts: Parts, { accounts, catalog }: Neighbours): Feature => {
  const outbox = createOutbox('tickets', parts.redis);
  const receipt = createReceiptJob(parts.mailer, accounts);
  return {
    name: 'tickets',
    description: 'Seats of screenings, sold once each.',
    routes: createRoutes(createTicketsService({ database: parts.database, catalog, outbox, receipt })),
    schema: { name: 'tickets', migrations },
    jobs: [receipt],
    schedules: [cleanUpHourly('tickets'), salesReportNightly],
  };
};

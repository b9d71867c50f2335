import { createOutbox } from '../../infrastructure/outbox.ts';
import type { AccountsContract } from '../accounts/contract.ts';
import type { CatalogContract } from '../catalog/contract.ts';
import { cleanUpHourly } from '../clean-up.ts';
import type { Feature, Parts } from '../feature.ts';
import { createHolds } from './holds.ts';
import { createReceiptJob, salesReportNightly } from './jobs.ts';
import { createLiveSeats } from './live-seats.ts';
import { migrations } from './migrations.ts';
import { createRoutes } from './routes.ts';
import { createSeatRoutes } from './seat-routes.ts';
import { DELETE_EXPIRED, listTakenSeats } from './seat-store.ts';
import { createTicketsService } from './service.ts';

interface Neighbours {
  accounts: AccountsContract;
  catalog: CatalogContract;
}

export const createTickets = (parts: Parts, { accounts, catalog }: Neighbours): Feature => {
  const outbox = createOutbox('tickets', parts.redis);
  const receipt = createReceiptJob(parts.mailer, accounts);
  const { database, config } = parts;
  const live = createLiveSeats({ ...parts, readTaken: (ids) => listTakenSeats(database, ids) });
  const tickets = createTicketsService({ database, catalog, outbox, receipt, live });
  const holds = createHolds({ database, live, limits: config.holds, prepare: tickets.prepare });
  return {
    name: 'tickets',
    description: 'Seats of screenings, sold once each.',
    routes: [...createSeatRoutes(tickets, holds), ...createRoutes(tickets)],
    schema: { name: 'tickets', migrations },
    jobs: [receipt],
    schedules: [cleanUpHourly('tickets', DELETE_EXPIRED), salesReportNightly],
  };
};

import { offer } from '../../http/contracts/contract.ts';
import { actingUser } from '../../http/contracts/serve.ts';
import { createOutbox } from '../../infrastructure/outbox.ts';
import type { AccountsContract } from '../accounts/contract.ts';
import type { CatalogContract } from '../catalog/contract.ts';
import { cleanUpHourly } from '../clean-up.ts';
import type { Feature, Parts } from '../feature.ts';
import { createCancellation, createRefundJob } from './cancellation.ts';
import { purchaseCancelled, type TicketsContract, ticketsContract } from './contract.ts';
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

export const createTickets = (
  parts: Parts,
  { accounts, catalog }: Neighbours,
): Feature & { calls: TicketsContract } => {
  const outbox = createOutbox('tickets', parts.redis);
  const receipt = createReceiptJob(parts.mailer, accounts);
  const { database, config } = parts;
  const live = createLiveSeats({ ...parts, readTaken: (ids) => listTakenSeats(database, ids) });
  const refund = createRefundJob(parts.mailer, accounts);
  const cancellation = createCancellation({ outbox, refund, live });
  const tickets = createTicketsService({ database, catalog, outbox, receipt, live, cancellation });
  const holds = createHolds({ database, live, limits: config.holds, prepare: tickets.prepare });
  const calls: TicketsContract = {
    findPurchase: async (id) => {
      const { screeningId, cancelledAt } = await tickets.find(actingUser(), id);
      return { id, screeningId, cancelledAt: cancelledAt?.toISOString() ?? null };
    },
  };
  return {
    name: 'tickets',
    description: 'Seats of screenings, sold once each.',
    routes: [...createSeatRoutes(tickets, holds), ...createRoutes(tickets)],
    schema: { name: 'tickets', migrations },
    jobs: [receipt, refund],
    publishes: [purchaseCancelled],
    subscriptions: [cancellation.onScreeningCancelled],
    offers: [offer(ticketsContract, calls)],
    calls,
    schedules: [cleanUpHourly('tickets', DELETE_EXPIRED), salesReportNightly],
  };
};

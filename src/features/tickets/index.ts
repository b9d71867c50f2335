import type { CatalogContract } from '../catalog/contract.ts';
import type { Feature, Parts } from '../feature.ts';
import { migrations } from './migrations.ts';
import { createRoutes } from './routes.ts';
import { createTicketsService } from './service.ts';

export const createTickets = ({ database }: Parts, neighbours: { catalog: CatalogContract }): Feature => ({
  name: 'tickets',
  description: 'Seats of screenings, sold once each.',
  routes: createRoutes(createTicketsService(database, neighbours.catalog)),
  schema: { name: 'tickets', migrations },
});

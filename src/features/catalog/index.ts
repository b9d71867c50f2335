import { offer } from '../../http/contracts/contract.ts';
import { createOutbox } from '../../infrastructure/outbox.ts';
import { cleanUpHourly } from '../clean-up.ts';
import type { Feature, Parts } from '../feature.ts';
import { createCatalogCache } from './cache.ts';
import { type CatalogContract, catalogContract, screeningCancelled } from './contract.ts';
import { migrations } from './migrations.ts';
import { createRoutes } from './routes.ts';
import { seed } from './seed.ts';
import { createCatalogService } from './service.ts';

export const createCatalog = ({ database, redis }: Parts): Feature & { calls: CatalogContract } => {
  const catalog = createCatalogService(database, createOutbox('catalog', redis));
  const calls: CatalogContract = { findScreening: catalog.findScreening };
  return {
    name: 'catalog',
    description: 'Movies and screenings: staff write, all read.',
    routes: createRoutes(catalog, createCatalogCache(redis)),
    schema: { name: 'catalog', migrations, seed },
    publishes: [screeningCancelled],
    schedules: [cleanUpHourly('catalog')],
    offers: [offer(catalogContract, calls)],
    calls,
  };
};

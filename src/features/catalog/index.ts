import { cleanUpHourly } from '../clean-up.ts';
import type { Feature, Parts } from '../feature.ts';
import { createCatalogCache } from './cache.ts';
import type { CatalogContract } from './contract.ts';
import { migrations } from './migrations.ts';
import { createRoutes } from './routes.ts';
import { seed } from './seed.ts';
import { createCatalogService } from './service.ts';

export const createCatalog = ({ database, redis }: Parts): Feature & { contract: CatalogContract } => {
  const catalog = createCatalogService(database);
  return {
    name: 'catalog',
    description: 'Movies and screenings: staff write, all read.',
    routes: createRoutes(catalog, createCatalogCache(redis)),
    schema: { name: 'catalog', migrations, seed },
    schedules: [cleanUpHourly('catalog')],
    contract: catalog,
  };
};

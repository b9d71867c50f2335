import { cleanUpHourly } from '../../../../src/features/clean-up.ts';
import type { Feature, Parts } from '../../../../src/features/feature.ts';
import type { ThingsContract } from './contract.ts';
import { migrations } from './migrations.ts';
import { createRoutes } from './routes.ts';
import { createThingsService } from './service.ts';

export const createThings = (parts: Parts): Feature & { contract: ThingsContract } => {
  const things = createThingsService(parts.database);
  return {
    name: 'things',
    description: 'Things: each belongs to one user.',
    routes: createRoutes(things),
    schema: { name: 'things', migrations },
    schedules: [cleanUpHourly('things')],
    contract: { findThing: (id) => things.find(id) },
  };
};

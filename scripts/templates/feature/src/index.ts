import { cleanUpHourly } from '../../../../src/features/clean-up.ts';
import type { Feature, Parts } from '../../../../src/features/feature.ts';
import { offer } from '../../../../src/http/contracts/contract.ts';
import { type ThingsContract, thingsContract } from './contract.ts';
import { migrations } from './migrations.ts';
import { createRoutes } from './routes.ts';
import { createThingsService } from './service.ts';

export const createThings = (parts: Parts): Feature & { calls: ThingsContract } => {
  const things = createThingsService(parts.database);
  const calls: ThingsContract = { findThing: (id) => things.find(id) };
  return {
    name: 'things',
    description: 'Things: each belongs to one user.',
    routes: createRoutes(things),
    schema: { name: 'things', migrations },
    schedules: [cleanUpHourly('things')],
    offers: [offer(thingsContract, calls)],
    calls,
  };
};

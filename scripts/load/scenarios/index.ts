import { browse } from './browse.ts';
import { buy } from './buy.ts';
import { logIn } from './log-in.ts';
import { order } from './order.ts';
import { pick, type Scenario } from './scenario.ts';
import type { Needs } from './world.ts';

/** Who comes, and how often of all visits. */
type Weighted = readonly [share: number, scenario: Scenario];

const MIXES: Record<string, readonly Weighted[]> = {
  // Of a cinema's day: many look, some buy, few log in, as a login lasts.
  mix: [
    [0.7, browse],
    [0.15, buy],
    [0.12, order],
    [0.03, logIn],
  ],
  browse: [[1, browse]],
  buy: [[1, buy]],
  order: [[1, order]],
  'log-in': [[1, logIn]],
};

/** Enough that no one of them meets the limit of one user first. */
const REQUESTS_PER_CUSTOMER = 500;
const MOST_CUSTOMERS = 50;

/** @throws when there is none of this name. */
export const findScenario = (name: string) => {
  const parts = MIXES[name];
  if (!parts) throw new Error(`There is no scenario ${name}; there are ${Object.keys(MIXES).join(', ')}.`);
  const average = (of: (scenario: Scenario) => number) =>
    parts.reduce((sum, [share, scenario]) => sum + share * of(scenario), 0);
  const requestsPerVisit = average((scenario) => scenario.requestsPerVisit);
  const seatsPerVisit = average(({ seatsPerVisit = 0 }) => seatsPerVisit);
  // A hundred tickets, drawn as the shares say.
  const urn = parts.flatMap(([share, scenario]) =>
    Array.from({ length: Math.round(share * 100) }, () => scenario),
  );
  return {
    parts: parts.map(([, scenario]) => scenario),
    requestsPerVisit,
    choose: () => pick(urn),
    /** @param requests that will be made in all. */
    needs: (requests: number): Needs => ({
      customers: Math.min(MOST_CUSTOMERS, Math.ceil(requests / REQUESTS_PER_CUSTOMER)),
      seats: (requests / requestsPerVisit) * seatsPerVisit,
    }),
  };
};

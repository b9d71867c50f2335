import type { Visitor } from '../generator/visitor.ts';
import { account } from './account.ts';
import { createBrowse } from './browse.ts';
import { createBuy } from './buy.ts';
import { logIn } from './log-in.ts';
import { createOrder } from './order.ts';
import { type Admin, logInAs, type People, registerPeople } from './people.ts';
import { pick, type Scenario } from './scenario.ts';
import { createScreenings } from './screenings.ts';

/** Who comes, and how often compared with the others. */
type Weighted = readonly [weight: number, scenario: Scenario];

const createMixes = (): Record<string, readonly Weighted[]> => {
  const screenings = createScreenings();
  const browse = createBrowse(screenings);
  const buy = createBuy(screenings);
  const order = createOrder();
  return {
    // Of a cinema's day: many look, some buy, few log in, as a login lasts.
    mix: [
      [66, browse],
      [15, buy],
      [12, order],
      [4, account],
      [3, logIn],
    ],
    browse: [[1, browse]],
    buy: [[1, buy]],
    order: [[1, order]],
    account: [[1, account]],
    'log-in': [[1, logIn]],
  };
};

export const scenarioNames = Object.keys(createMixes());

/** Enough that no one of them meets the limit of one user first. */
const REQUESTS_PER_CUSTOMER = 500;
const MOST_CUSTOMERS = 50;

/** @throws when there is none of this name. */
export const findScenario = (name: string) => {
  const parts = createMixes()[name];
  if (!parts) throw new Error(`There is no scenario ${name}; there are ${scenarioNames.join(', ')}.`);
  const whole = parts.reduce((sum, [weight]) => sum + weight, 0);
  const requestsPerVisit = parts.reduce(
    (sum, [weight, scenario]) => sum + (weight / whole) * scenario.requestsPerVisit,
    0,
  );
  const urn = parts.flatMap(([weight, scenario]) => Array.from({ length: weight }, () => scenario));
  return {
    parts: parts.map(([, scenario]) => scenario),
    requestsPerVisit,
    choose: () => pick(urn),
    /** Makes, through the public API, what that many requests need. */
    prepare: async (visitor: Visitor, admin: Admin, requests: number): Promise<People> => {
      const token = await logInAs(visitor, admin.email, admin.password);
      for (const [weight, scenario] of parts)
        await scenario.prepare?.(visitor, token, (requests / requestsPerVisit) * (weight / whole));
      const customers = Math.min(MOST_CUSTOMERS, Math.ceil(requests / REQUESTS_PER_CUSTOMER));
      return registerPeople(visitor, customers);
    },
  };
};

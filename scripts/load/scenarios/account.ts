import { pick, type Scenario } from './scenario.ts';

/** Looks who they are: the cheapest request of somebody who is logged in and that PostgreSQL answers. */
export const account: Scenario = {
  name: 'account',
  requestsPerVisit: 1,
  visit: async (visitor, { customers }) => {
    await visitor.call({ name: 'GET /v1/accounts/me', token: pick(customers).token });
  },
};

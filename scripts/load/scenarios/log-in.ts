import { logInAs } from './people.ts';
import { pick, type Scenario } from './scenario.ts';

/** Logs in and looks who that is. The password's hash is what costs: tens of milliseconds of a core, on purpose. */
export const logIn: Scenario = {
  name: 'log-in',
  requestsPerVisit: 2,
  visit: async (visitor, { customers, password }) => {
    const token = await logInAs(visitor, pick(customers).email, password);
    await visitor.call({ name: 'GET /v1/accounts/me', token });
  },
};

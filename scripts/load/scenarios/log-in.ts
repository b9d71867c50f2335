import { pick, type Scenario } from './scenario.ts';

/** Logs in and looks who that is. The password's hash is what costs: tens of milliseconds of a core, on purpose. */
export const logIn: Scenario = {
  name: 'log-in',
  requestsPerVisit: 2,
  visit: async (visitor, world) => {
    const { email } = pick(world.customers);
    const { body } = await visitor.call({
      name: 'POST /v1/accounts/login',
      json: { email, password: world.password },
    });
    await visitor.call({ name: 'GET /v1/accounts/me', token: body.accessToken });
  },
};

export type Env = Record<string, string | undefined>;

const PLENTY = '1000000000';

/** What an API needs to run in a test: any free port, limits out of the way, no waiting for balancers at the end. */
export const testEnv = (own: Env): Env => ({
  NODE_ENV: 'test',
  LOG_LEVEL: 'debug',
  HOST: '127.0.0.1',
  PORT: '0',
  RATE_LIMIT_USER: PLENTY,
  RATE_LIMIT_ADDRESS: PLENTY,
  RATE_LIMIT_LOGIN: '100000000',
  DRAIN_SECONDS: '0',
  ...own,
});

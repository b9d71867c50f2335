import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createDatabase } from '../../src/infrastructure/database.ts';
import { createLogger } from '../../src/infrastructure/logger.ts';
import { prepareRoles, roleName } from '../../src/infrastructure/service-roles.ts';
import type { Instance } from './cinema.ts';
import type { Env } from './env.ts';
import { freePort } from './processes.ts';
import type { TestDatabase } from './servers.ts';

/** `npm run test:apart` runs tests that know nothing of it against services of their own. */
export const isApart = process.env.APART === '1';

export const FEATURES = ['accounts', 'catalog', 'tickets', 'grocery'] as const;
const PASSWORD = 'of-one-schema-and-no-other';

/** A role for each feature, as `migrate` makes them. */
export const makeRoles = async ({ url }: TestDatabase): Promise<void> => {
  const database = createDatabase({ url, poolSize: 1 }, createLogger({ level: 'silent', instance: 'test' }));
  const passwords = Object.fromEntries(FEATURES.map((feature) => [feature, PASSWORD]));
  await database.transaction((transaction) => prepareRoles(transaction, passwords));
  await database.close();
};

/** What one service needs to know: whom it serves, where the others are, and its own role. */
export const serviceEnv = (env: Env, feature: string, neighbours: string): Env => {
  const url = new URL(env.DATABASE_URL ?? '');
  url.username = roleName(url.pathname.slice(1), feature);
  url.password = PASSWORD;
  return { ...env, FEATURES: feature, NEIGHBOURS: neighbours, DATABASE_URL: url.href };
};

/** Passes requests on by their feature, as nginx.conf does. */
const startGateway = async (portOf: (feature: string) => number) => {
  const server = createServer((incoming: IncomingMessage, reply: ServerResponse) => {
    const feature = /^\/v1\/(\w+)/.exec(incoming.url ?? '')?.[1] ?? '';
    const { method = 'GET', url: path = '/', headers } = incoming;
    const outgoing = request({ host: '127.0.0.1', port: portOf(feature), method, path, headers });
    outgoing.on('response', (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(reply);
    });
    outgoing.on('error', () => reply.destroy());
    reply.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};

/** What looks like one instance: each feature a service of its own, with its own role, behind one address. */
export const startApart = async (
  id: string,
  env: Env,
  start: (id: string, env: Env) => Promise<Instance>,
): Promise<Instance> => {
  const ports = new Map<string, number>();
  for (const feature of FEATURES) ports.set(feature, await freePort());
  const neighbours = [...ports].map(([feature, port]) => `${feature}=http://127.0.0.1:${port}`).join();
  const services: Instance[] = [];
  for (const [feature, port] of ports) {
    const own = { ...serviceEnv(env, feature, neighbours), PORT: String(port) };
    services.push(await start(id, own));
  }
  const [accounts] = services as [Instance];
  const gateway = await startGateway((feature) => ports.get(feature) ?? (ports.get('accounts') as number));
  return {
    id,
    config: accounts.config,
    url: gateway.url,
    urlOf: (feature) => `http://127.0.0.1:${ports.get(feature)}`,
    logs: { ...accounts.logs, lines: () => services.flatMap(({ logs }) => logs.lines()) },
    close: async () => {
      await gateway.close();
      await Promise.all(services.map((service) => service.close()));
    },
  };
};

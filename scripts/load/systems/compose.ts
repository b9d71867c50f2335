import { execFile } from 'node:child_process';
import { parseEnv, promisify } from 'node:util';
import { type Container, type Engine, openEngine, readContainers } from '../vitals/containers.ts';
import { askInside } from '../vitals/inside.ts';
import { type Endpoint, readMetrics } from '../vitals/metrics.ts';
import { readNginx, readPostgres, readRedis } from '../vitals/servers.ts';
import type { System } from './system.ts';

const run = promisify(execFile);

/** The first administrator is where `secrets` has written it. */
const readAdmin = async (container: Container) => {
  const { stdout } = await run('docker', ['exec', container.id, 'cat', '/secrets/multiplex.env']);
  const { ADMIN_EMAIL: email = '', ADMIN_PASSWORD: password = '' } = parseEnv(stdout);
  return { email, password };
};

const endpointsOf = async (engine: Engine): Promise<Endpoint[]> =>
  (await engine.containers())
    .filter(({ kind, address }) => address && (kind === 'api' || kind === 'worker'))
    .map(({ name, kind, address, cpuLimitCores, memoryLimitBytes }) => ({
      part: { name, kind, cpuLimitCores, memoryLimitBytes },
      url: `http://${address}:3000/metrics`,
    }));

const psql = ['psql', '-U', 'multiplex', '-d', 'multiplex', '-At'];
/** nginx's image has a shell and wget, and nothing that stays and listens. */
const shell = [
  'sh',
  '-c',
  'while read -r line; do case $line in status) wget -q -O - http://127.0.0.1:8081/;; *) echo "$line";; esac; done',
];

/** The containers of a Compose project that runs: every replica is found by itself, also one that comes later. */
export const openComposeSystem = async (project: string, url: string): Promise<System> => {
  const engine = openEngine(project);
  const containers = await engine.containers().catch((cause: unknown) => {
    throw new Error('No Docker Engine answers.', { cause });
  });
  const find = (name: string): Container => {
    const found = containers.find((container) => container.name === name);
    if (!found)
      throw new Error(
        `The Compose project ${project} runs no ${name}. Is it up? COMPOSE_PROJECT_NAME names another.`,
      );
    return found;
  };
  const api = containers.find(({ kind }) => kind === 'api') ?? find('api-1');
  const redis = askInside(find('redis-1').id, ['redis-cli'], (text) => `ECHO "${text}"`);
  const postgres = askInside(find('postgres-1').id, psql, (text) => `\\echo ${text}`);
  const nginx = askInside(find('nginx-1').id, shell, (text) => text);
  return {
    url,
    admin: await readAdmin(api),
    sources: [
      readContainers(engine),
      readMetrics(() => endpointsOf(engine)),
      readRedis(redis.ask, redis.close),
      readPostgres(postgres.ask, postgres.close),
      readNginx(nginx.ask, nginx.close),
    ],
    // By default an instance is called after its container's host name, which is the beginning of its id.
    partOf: (servedBy) =>
      containers.find(({ id }) => id.startsWith(servedBy.replace(/-\d+$/, '')))?.name ?? servedBy,
    stop: async () => {},
  };
};

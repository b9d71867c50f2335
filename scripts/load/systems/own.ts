import { request } from 'node:http';
import { join } from 'node:path';
import { prepareGround } from '../../services/ground.ts';
import { startNginx } from '../../services/nginx.ts';
import { productionConfiguration } from '../../services/production-nginx.ts';
import { startTarget } from '../../services/target.ts';
import { readDescendants } from '../vitals/descendants.ts';
import { type Endpoint, readMetrics } from '../vitals/metrics.ts';
import { postgresAt, readNginx, redisAt } from '../vitals/servers.ts';
import type { System } from './system.ts';

const admin = { email: 'admin@example.test', password: 'a password of the load test' };

const get = (socketPath: string) =>
  new Promise<string>((resolve, reject) => {
    request({ socketPath, path: '/' }, async (reply) =>
      resolve((await reply.setEncoding('utf8').toArray()).join('')),
    )
      .on('error', reject)
      .end();
  });

/** Starts processes of this machine behind the real nginx.conf, with data that is gone afterwards. */
export const startOwnSystem = async (replicas: number): Promise<System> => {
  const ground = await prepareGround();
  const env = { ...ground.env, ADMIN_EMAIL: admin.email, ADMIN_PASSWORD: admin.password, TRUST_PROXY: '1' };
  await ground.migrate(env);
  const stops: (() => Promise<unknown>)[] = [];
  const endpoints: Endpoint[] = [];
  const start = async (kind: 'api' | 'worker', number: number) => {
    const name = `${kind}-${number}`;
    const command = [`dist/entry-points/${kind === 'api' ? 'api-server' : 'job-worker'}.js`];
    const target = await startTarget({ command, env: { ...env, INSTANCE_ID: name }, probe: '/readyz' });
    stops.push(target.stop);
    const part = { name, kind, cpuLimitCores: null, memoryLimitBytes: null };
    endpoints.push({ part, url: `${target.url}/metrics`, withUsage: true });
    return target;
  };
  const ports: number[] = [];
  for (let number = 1; number <= replicas; number += 1)
    ports.push(Number(new URL((await start('api', number)).url).port));
  await start('worker', 1);
  const folder = join(ground.folder, 'nginx');
  const configuration = productionConfiguration({ page: folder });
  const nginx = await startNginx({ folder, upstreams: ports, log: () => {}, configuration });
  return {
    url: nginx.url,
    admin,
    sources: [
      readDescendants(),
      readMetrics(async () => endpoints),
      redisAt(ground.env.REDIS_URL),
      postgresAt(ground.env.DATABASE_URL),
      readNginx(() => get(join(folder, 'status.sock'))),
    ],
    partOf: (servedBy) => servedBy,
    stop: async () => {
      await nginx.stop();
      await Promise.all(stops.map((stop) => stop()));
      await ground.end();
    },
  };
};

import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../services/children.ts';
import { median } from './figures.ts';
import { logIn } from './ground.ts';
import { installReferences, runLoad } from './load.ts';

/**
 * Whether N replicas carry N times what one carries: the real docker-compose.yml, each replica with the same small
 * share of a core, so that a machine of two cores has room for eight of them and for what stands around them.
 */
const CORES_EACH = 0.1;
const REPLICAS = [1, 2, 4, 8];
const ROUNDS = 3;
const SECONDS = 5;

const folder = mkdtempSync(join(tmpdir(), 'multiplex-bench-'));
const override = join(folder, 'override.yml');
// All load comes from one address, for which nginx's coarse wall would be the limit that is measured.
const walls = readFileSync('nginx.conf', 'utf8').replace('rate=1000r/s', 'rate=1000000r/s');
writeFileSync(join(folder, 'nginx.conf'), walls);
writeFileSync(
  override,
  `services:
  api:
    cpus: ${CORES_EACH}
  nginx:
    volumes: ['${folder}/nginx.conf:/etc/nginx/nginx.conf:ro']
`,
);
const port = await findFreePort();
const url = `http://127.0.0.1:${port}`;
const { PATH, HOME, DOCKER_HOST } = process.env;
const env = {
  PATH,
  HOME,
  ...(DOCKER_HOST !== undefined && { DOCKER_HOST }),
  COMPOSE_DISABLE_ENV_FILE: '1',
  COMPOSE_PROJECT_NAME: `multiplex-bench-${process.pid}`,
  IMAGE: `multiplex-bench:${process.pid}`,
  HTTP_PORT: `127.0.0.1:${port}`,
  RATE_LIMIT_USER: '1000000000',
  RATE_LIMIT_ADDRESS: '1000000000',
};
const compose = (...args: string[]) => {
  const files = ['-f', 'docker-compose.yml', '-f', override];
  const { status, stderr } = spawnSync('docker', ['compose', ...files, ...args], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
};
const scaleTo = (replicas: number) =>
  compose('up', '--detach', '--wait', '--scale', `api=${replicas}`, '--scale', 'worker=0');

/** nginx learns of a new replica within 2 s; a measurement starts when all have answered. */
const untilAllServe = async (replicas: number) => {
  const seen = new Set<string | null>();
  while (seen.size < replicas) {
    const reply = await fetch(`${url}/v1/catalog/movies`, { headers: { 'x-request-id': randomUUID() } });
    seen.add(reply.headers.get('x-served-by'));
  }
};

await installReferences();
try {
  compose('build', '--quiet');
  const rates = new Map<number, number[]>(REPLICAS.map((replicas) => [replicas, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [replicas, list] of rates) {
      scaleTo(replicas);
      await untilAllServe(replicas);
      const { auth: headers } = await logIn(url);
      const job = { url: `${url}/v1/accounts/identity`, headers, connections: 16 * replicas };
      await runLoad({ ...job, seconds: 12 }); // compiles: a new replica is slow at first, with so little CPU for long
      list.push((await runLoad({ ...job, seconds: SECONDS })).perSecond);
    }
    console.log(`round ${round + 1} of ${ROUNDS}`);
  }
  const one = median(rates.get(1) ?? []);
  console.log(`\nReplicas of ${CORES_EACH} cores behind nginx, bearer GET, medians of ${ROUNDS} rounds`);
  console.table(
    [...rates].map(([replicas, list]) => ({
      replicas,
      'requests/s': Math.round(median(list)),
      'over N × one': Math.round((median(list) / (replicas * one)) * 100) / 100,
    })),
  );
} finally {
  compose('down', '--volumes', '--remove-orphans', '--timeout', '10');
  spawnSync('docker', ['image', 'rm', env.IMAGE], { env, stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../services/children.ts';
import { logIn } from './cinema.ts';
import { cpuMilliseconds, median } from './figures.ts';
import { installReferences, type LoadJob, runLoad } from './load.ts';

/**
 * Whether N replicas carry N times what one carries: the real docker-compose.yml, each replica with the same small
 * share of a core, so that a machine of two cores has room for all of them and for what stands around them. All run
 * all the time and are warm; a round only changes how many of them nginx knows. The CPU per request tells what the
 * replicas themselves lose by being many; the rate also tells how much of the cores the others leave them.
 */
/** Eight of them, with nginx, Redis and the load, fill a little over half of two cores; of 0.08 they would fill all. */
const CORES_EACH = 0.04;
const REPLICAS = [1, 2, 4, 8];
const MOST = Math.max(...REPLICAS);
const ROUNDS = 5;
const SECONDS = 6;
const WARM_UP_SECONDS = 40; // uncapped, for all of them to be compiled

const folder = mkdtempSync(join(tmpdir(), 'multiplex-bench-'));
const balancer = join(folder, 'nginx.conf');
const override = join(folder, 'override.yml');
const configuration = readFileSync('nginx.conf', 'utf8')
  // All load comes from one address, for which nginx's coarse wall would be the limit that is measured.
  .replace('rate=1000r/s', 'rate=1000000r/s');
writeFileSync(balancer, configuration);
writeFileSync(override, `services: { nginx: { volumes: ['${balancer}:/etc/nginx/nginx.conf:ro'] } }`);
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
const docker = (...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync('docker', args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
};
const compose = (...args: string[]) => docker('compose', '-f', 'docker-compose.yml', '-f', override, ...args);

const addressesOf = (ids: readonly string[]): string[] =>
  ids.map((id) => {
    const network = `${env.COMPOSE_PROJECT_NAME}_edge`;
    return docker('inspect', '--format', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, id);
  });

/** Lets nginx know these replicas only, and waits until each of them, and none else, has answered. */
const balanceTo = async (addresses: readonly string[]) => {
  const servers = addresses.map((address) => `server ${address}:3000 max_fails=0;`).join(' ');
  writeFileSync(balancer, configuration.replace(/server \w+:3000 resolve[^;]*;/g, servers));
  compose('kill', '--signal', 'HUP', 'nginx');
  let seen: (string | null)[] = [];
  while (new Set(seen).size !== addresses.length || seen.length < 10 * addresses.length) {
    const reply = await fetch(`${url}/v1/catalog/movies`, { headers: { connection: 'close' } });
    await reply.arrayBuffer();
    seen = [...seen, reply.headers.get('x-served-by')].slice(-10 * addresses.length);
  }
};

await installReferences();
try {
  compose('build', '--quiet');
  compose('up', '--detach', '--wait', '--scale', `api=${MOST}`, '--scale', 'worker=0');
  const ids = compose('ps', '--quiet', 'api').split('\n');
  const addresses = addressesOf(ids);
  const { auth: headers } = await logIn(url);
  const job = (replicas: number, seconds: number): LoadJob => {
    return { url: `${url}/v1/accounts/identity`, headers, connections: 16 * replicas, seconds };
  };
  await balanceTo(addresses);
  await runLoad(job(MOST, WARM_UP_SECONDS));
  for (const id of ids) docker('update', '--cpus', String(CORES_EACH), id);

  const pids = ids.map((id) => Number(docker('inspect', '--format', '{{.State.Pid}}', id)));
  const figures = REPLICAS.map((replicas) => ({ replicas, rates: [] as number[], cpu: [] as number[] }));
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const { replicas, rates, cpu } of figures) {
      await balanceTo(addresses.slice(0, replicas));
      const serving = pids.slice(0, replicas);
      const before = cpuMilliseconds(serving);
      const { perSecond, sent } = await runLoad(job(replicas, SECONDS));
      rates.push(perSecond);
      cpu.push(((cpuMilliseconds(serving) - before) * 1_000) / sent);
    }
    console.log(`round ${round} of ${ROUNDS}`);
  }
  const [one] = figures;
  const round2 = (value: number) => Math.round(value * 100) / 100;
  console.log(`\nReplicas of ${CORES_EACH} cores behind nginx, bearer GET, medians of ${ROUNDS} rounds`);
  console.table(
    figures.map(({ replicas, rates, cpu }) => ({
      replicas,
      'requests/s, min': Math.round(Math.min(...rates)),
      median: Math.round(median(rates)),
      max: Math.round(Math.max(...rates)),
      'over N × one': round2(median(rates) / (replicas * median(one?.rates ?? []))),
      'CPU µs/request': Math.round(median(cpu)),
      'one over it': round2(median(one?.cpu ?? []) / median(cpu)),
    })),
  );
} finally {
  compose('down', '--volumes', '--remove-orphans', '--timeout', '10');
  spawnSync('docker', ['image', 'rm', env.IMAGE], { env, stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
}

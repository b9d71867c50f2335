import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../services/children.ts';
import { fromDebian } from '../services/debian.ts';
import { prepareGround } from '../services/ground.ts';
import { startNginx } from '../services/nginx.ts';
import { startTarget, type Target } from '../services/target.ts';
import { logIn } from './cinema.ts';
import { cpuMilliseconds, median, residentMegabytes } from './figures.ts';

/** What the cluster gains and costs: one process, two in a cluster, and two by themselves behind nginx, in one run. */
const ROUNDS = 5;
const SECONDS = 3;
const CONNECTIONS = 32;
/** Nothing but HTTP, and a request with all duties, for which Redis and PostgreSQL work on the same cores. */
const PATHS = ['/livez', '/v1/accounts/me'];

const folder = mkdtempSync(join(tmpdir(), 'multiplex-bench-'));
const log = (line: string) => console.log(line);
const wrk = await fromDebian('wrk', 'bin/wrk', log);
if (!wrk) throw new Error('There is no wrk to make the load with: this needs Debian or Ubuntu.');
const ground = await prepareGround();

interface Arrangement {
  name: string;
  url: string;
  /** Its processes: of the API, and of what stands before them. */
  apis(): number[];
  front(): number[];
  stop(): Promise<unknown>;
}

const start = async (entryPoint: string, own: Record<string, string>): Promise<Target> => {
  const env = { ...ground.env, WORKER_CONCURRENCY: '0', CONTROL_PORT: String(await findFreePort()), ...own };
  return startTarget({ command: [`dist/entry-points/${entryPoint}.js`], env, probe: '/readyz' });
};
const childrenOf = (pid: number) =>
  spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n')
    .map(Number);
const startCluster = async (processes: number): Promise<Arrangement> => {
  const { url, pid, stop } = await start('one-machine-cluster', { WEB_CONCURRENCY: String(processes) });
  return { name: `cluster of ${processes}`, url, apis: () => childrenOf(pid), front: () => [pid], stop };
};
const startBehindNginx = async (): Promise<Arrangement> => {
  const apis = [await start('api-server', {}), await start('api-server', {})];
  const upstreams = apis.map(({ url }) => Number(new URL(url).port));
  const nginx = await startNginx({ folder: join(folder, 'nginx'), upstreams, log });
  const master = () => Number(readFileSync(join(folder, 'nginx/nginx.pid'), 'utf8'));
  return {
    name: 'two behind nginx',
    url: nginx.url,
    apis: () => apis.map(({ pid }) => pid),
    front: () => [master(), ...childrenOf(master())],
    stop: async () => {
      await nginx.stop();
      for (const api of apis) await api.stop();
    },
  };
};

const arrangements = [await startCluster(1), await startCluster(2), await startBehindNginx()];
const { auth } = await logIn(arrangements[0]?.url ?? '');

const load = (url: string, path: string) => {
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, '-H', `Authorization: ${auth.authorization}`];
  const { stdout, stderr } = spawnSync(wrk.path, [...options, `${url}${path}`], {
    encoding: 'utf8',
    env: wrk.env,
  });
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  if (!requests || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`${stdout}${stderr}`);
  return { requests, perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]) };
};

const measure = (path: string) => {
  const figures = arrangements.map(() => ({
    rate: [] as number[],
    api: [] as number[],
    front: [] as number[],
  }));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [index, { url, apis, front }] of arrangements.entries()) {
      const before = [cpuMilliseconds(apis()), cpuMilliseconds(front())] as const;
      const { requests, perSecond } = load(url, path);
      if (round === 0) continue; // warms up
      figures[index]?.rate.push(perSecond);
      figures[index]?.api.push(((cpuMilliseconds(apis()) - before[0]) * 1_000) / requests);
      figures[index]?.front.push(((cpuMilliseconds(front()) - before[1]) * 1_000) / requests);
    }
  }
  return figures;
};
const report = (path: string, figures: ReturnType<typeof measure>) => {
  console.log(`\nGET ${path}`);
  console.table(
    figures.map(({ rate, api, front }, index) => ({
      arrangement: arrangements[index]?.name,
      'requests/s, min': Math.round(Math.min(...rate)),
      median: Math.round(median(rate)),
      max: Math.round(Math.max(...rate)),
      'API CPU µs/request': Math.round(median(api)),
      'front CPU µs/request': Math.round(median(front)),
    })),
  );
  const [one = 1, two = 1, behind = 1] = figures.map(({ rate }) => median(rate));
  console.log(`two processes / one                 ${(two / one).toFixed(2)}`);
  console.log(`two in the cluster / behind nginx   ${(two / behind).toFixed(2)}`);
};
for (const path of PATHS) report(path, measure(path));
console.log('\nMemory, MB');
for (const { name, apis, front } of arrangements)
  console.log(
    `${name.padEnd(18)} each API ${Math.round(residentMegabytes(apis()) / apis().length)}, in front ${Math.round(residentMegabytes(front()))}`,
  );
for (const arrangement of arrangements) await arrangement.stop();
await ground.end();
rmSync(folder, { recursive: true, force: true });

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, runToEnd, whenEnded } from '../services/children.ts';
import { fromDebian } from '../services/debian.ts';
import { startNginx } from '../services/nginx.ts';
import { provisionServices } from '../services/provision.ts';

/** What the cluster gains and costs: one process, two in a cluster, and two by themselves behind nginx, in one run. */
const ROUNDS = 5;
const SECONDS = 3;
const CONNECTIONS = 32;
/** Nothing but HTTP, and a request with all duties, for which Redis and PostgreSQL work on the same cores. */
const PATHS = ['/livez', '/v1/accounts/me'];

const folder = mkdtempSync(join(tmpdir(), 'multiplex-bench-'));
const log = (line: string) => console.log(line);
const services = await provisionServices({
  folder,
  persistent: false,
  redisUrl: undefined,
  databaseUrl: undefined,
  log,
});
const wrk = await fromDebian('wrk', 'bin/wrk', log);
if (!wrk) throw new Error('There is no wrk to make the load with: this needs Debian or Ubuntu.');
await runToEnd(['npm', 'run', '--silent', 'build']);
const env = {
  PATH: process.env.PATH,
  NODE_ENV: 'test',
  HOST: '127.0.0.1',
  REDIS_URL: services.redisUrl,
  DATABASE_URL: services.databaseUrl,
  RATE_LIMIT_USER: '1000000000',
  RATE_LIMIT_ADDRESS: '1000000000',
  WORKER_CONCURRENCY: '0',
};
await runToEnd(['node', 'dist/entry-points/migrate.js'], { env });

interface Arrangement {
  name: string;
  url: string;
  /** Its processes: of the API, and of what stands before them. */
  apis(): number[];
  front(): number[];
  stop(): Promise<unknown>;
}

const started: ChildProcess[] = [];
const start = async (entryPoint: string, own: Record<string, string>) => {
  const port = String(await findFreePort());
  const child = spawn('node', [`dist/entry-points/${entryPoint}.js`], {
    stdio: 'ignore',
    env: { ...env, CONTROL_PORT: String(await findFreePort()), ...own, PORT: port },
  });
  started.push(child);
  const url = `http://127.0.0.1:${port}`;
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error(`${entryPoint} ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { child, port: Number(port), url, pid: child.pid as number };
};
const childrenOf = (pid: number) =>
  spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n')
    .map(Number);
const startCluster = async (processes: number): Promise<Arrangement> => {
  const { url, pid, child } = await start('one-machine-cluster', { WEB_CONCURRENCY: String(processes) });
  const stop = () => {
    child.kill('SIGTERM');
    return whenEnded(child);
  };
  return { name: `cluster of ${processes}`, url, apis: () => childrenOf(pid), front: () => [pid], stop };
};
const startBehindNginx = async (): Promise<Arrangement> => {
  const apis = [await start('api-server', {}), await start('api-server', {})];
  const nginx = await startNginx({
    folder: join(folder, 'nginx'),
    upstreams: apis.map((api) => api.port),
    log,
  });
  const master = () => Number(readFileSync(join(folder, 'nginx/nginx.pid'), 'utf8'));
  const stop = async () => {
    await nginx.stop();
    for (const { child } of apis) child.kill('SIGTERM');
    await Promise.all(apis.map(({ child }) => whenEnded(child)));
  };
  const front = () => [master(), ...childrenOf(master())];
  return { name: 'two behind nginx', url: nginx.url, apis: () => apis.map(({ pid }) => pid), front, stop };
};

/** CPU time in milliseconds; /proc counts in ticks of 10 ms (proc(5)). */
const cpuOf = (pids: readonly number[]) =>
  pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) * 10;
  }, 0);
const megabytesOf = (pids: readonly number[]) =>
  pids.reduce((sum, pid) => {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return sum + Number(kilobytes) / 1024;
  }, 0);

const logIn = async (url: string): Promise<string> => {
  const person = { email: `bench-${Date.now()}@example.test`, name: 'Bench', password: 'correct horse' };
  const post = async (path: string) => {
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(person) })).json();
  };
  await post('/v1/accounts');
  const { email, password } = person;
  const reply = await fetch(`${url}/v1/accounts/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  return ((await reply.json()) as { accessToken: string }).accessToken;
};

const arrangements = [await startCluster(1), await startCluster(2), await startBehindNginx()];
const token = await logIn(arrangements[0]?.url ?? '');

const load = (url: string, path: string) => {
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, '-H', `Authorization: Bearer ${token}`];
  const { stdout, stderr } = spawnSync(wrk.path, [...options, `${url}${path}`], {
    encoding: 'utf8',
    env: wrk.env,
  });
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  if (!requests || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`${stdout}${stderr}`);
  return { requests, perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]) };
};

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const measure = (path: string) => {
  const figures = arrangements.map(() => ({
    rate: [] as number[],
    api: [] as number[],
    front: [] as number[],
  }));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [index, { url, apis, front }] of arrangements.entries()) {
      const before = [cpuOf(apis()), cpuOf(front())] as const;
      const { requests, perSecond } = load(url, path);
      if (round === 0) continue; // warms up
      figures[index]?.rate.push(perSecond);
      figures[index]?.api.push(((cpuOf(apis()) - before[0]) * 1_000) / requests);
      figures[index]?.front.push(((cpuOf(front()) - before[1]) * 1_000) / requests);
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
    `${name.padEnd(18)} each API ${Math.round(megabytesOf(apis()) / apis().length)}, in front ${Math.round(megabytesOf(front()))}`,
  );
for (const arrangement of arrangements) await arrangement.stop();
await services.stop();
rmSync(folder, { recursive: true, force: true });

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runToEnd } from '../services/children.ts';
import { fromDebian } from '../services/debian.ts';
import { prepareGround } from '../services/ground.ts';
import { startNginx } from '../services/nginx.ts';
import { productionConfiguration } from '../services/production-nginx.ts';
import { startTarget } from '../services/target.ts';
import { cpuMilliseconds, median } from './figures.ts';
import { installReferences, REFERENCES } from './load.ts';

/** What one process sends of the page's largest file, by nginx, by bare express.static, and by our API, in one run. */
const ROUNDS = 5;
const SECONDS = 2;
const CONNECTIONS = 32;
const log = (line: string) => console.log(line);

interface Contender {
  name: string;
  url: string;
  pids(): number[];
  stop(): Promise<unknown>;
}

const wrk = await fromDebian('wrk', 'bin/wrk', log);
if (!wrk) throw new Error('There is no wrk.');
await installReferences();
const folder = mkdtempSync(join(tmpdir(), 'multiplex-static-'));
const page = join(folder, 'page');
mkdirSync(page);
await runToEnd(['npm', 'run', '--silent', 'build:page']);
await runToEnd(['sh', 'web/publish.sh', 'web/dist', page]);
const file = `/assets/${readdirSync(join(page, 'assets')).find((name) => name.endsWith('.js'))}`;
const ground = await prepareGround();

const startNginxWorker = async (): Promise<Contender> => {
  // One worker, as the others are one process; and without the wall, as all load comes from one address.
  const configuration = (place: Parameters<ReturnType<typeof productionConfiguration>>[0]) =>
    productionConfiguration({ page })(place)
      .replace('worker_processes auto', 'worker_processes 1')
      .replace(/^ *limit_req zone.*$/m, '');
  const nginx = await startNginx({ folder: join(folder, 'nginx'), upstreams: [1], log, configuration });
  const master = readFileSync(join(folder, 'nginx/nginx.pid'), 'utf8').trim();
  const workers = spawnSync('pgrep', ['-P', master], { encoding: 'utf8' }).stdout.trim().split('\n');
  return { name: 'nginx', url: nginx.url, pids: () => workers.map(Number), stop: () => nginx.stop() };
};
const startNode = async (name: string, command: string, own: Record<string, string>): Promise<Contender> => {
  const { pid, ...target } = await startTarget({
    command: [command],
    env: { ...ground.env, ...own },
    probe: file,
  });
  return { name, pids: () => [pid], ...target };
};

const contenders = [
  await startNginxWorker(),
  await startNode('express.static', `${REFERENCES}/express-static.mjs`, { FOLDER: resolve(page) }),
  await startNode('our API, PAGE_FOLDER', 'dist/entry-points/api-server.js', {
    PAGE_FOLDER: page,
    LOG_LEVEL: 'warn',
  }),
];

const measure = ({ url, pids }: Contender) => {
  const cpu = cpuMilliseconds(pids());
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, url + file];
  const { stdout, stderr } = spawnSync(wrk.path, options, { encoding: 'utf8', env: wrk.env });
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  if (!requests || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`${stdout}${stderr}`);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  return { perSecond, microseconds: ((cpuMilliseconds(pids()) - cpu) * 1_000) / requests };
};

try {
  for (const contender of contenders) measure(contender); // compiles, and fills caches
  const results = new Map(contenders.map(({ name }) => [name, [] as ReturnType<typeof measure>[]]));
  for (let round = 0; round < ROUNDS; round += 1)
    for (const contender of contenders) results.get(contender.name)?.push(measure(contender));
  const rate = (name: string) => median((results.get(name) ?? []).map(({ perSecond }) => perSecond));
  console.log(`\n${file}, one process each, medians of ${ROUNDS} rounds`);
  console.table(
    [...results].map(([name, rounds]) => ({
      name,
      'requests/s': Math.round(rate(name)),
      'CPU µs a request': Math.round(median(rounds.map(({ microseconds }) => microseconds))),
      'times express.static': Math.round((rate(name) / rate('express.static')) * 10) / 10,
    })),
  );
} finally {
  await Promise.all(contenders.map((contender) => contender.stop()));
  await ground.end();
  rmSync(folder, { recursive: true, force: true });
}

import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The proof that the containers do what the README says: the real docker-compose.yml, unchanged, in a project of its
// own, tested from outside and always taken down.

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join('test', 'scaling');
/** Of the files' names, those that begin with a given word; all without one. */
const wanted = process.argv.slice(2);
const tests = readdirSync(join(root, folder))
  .filter((name) => name.endsWith('.compose.test.ts'))
  .filter((name) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)));

const say = (text: string) =>
  console.log(`[test:compose ${Math.round(performance.now() / 1_000)} s] ${text}`);

const leaveOutWithoutEngine = () => {
  const found = spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], { encoding: 'utf8' });
  const composed = spawnSync('docker', ['compose', 'version', '--short'], { encoding: 'utf8' });
  if (found.status === 0 && composed.status === 0) {
    say(`Docker ${found.stdout.trim()}, Compose ${composed.stdout.trim()}`);
    return;
  }
  const why = found.error ? 'there is no docker command' : 'no Docker engine with Compose answers';
  say(`LEFT OUT: the container proof did not run, because ${why}.`);
  process.exit(process.env.CI_REQUIRE_DOCKER === '1' ? 1 : 0);
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
};

leaveOutWithoutEngine();
const port = await freePort();
const { PATH, HOME, DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG } = process.env;
const kept = Object.entries({ PATH, HOME, DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG });
/** Nothing of the shell's variables or a .env, or the proof would be of those. */
const env = {
  ...Object.fromEntries(kept.filter(([, value]) => value !== undefined)),
  COMPOSE_DISABLE_ENV_FILE: '1',
  COMPOSE_PROJECT_NAME: `multiplex-test-${process.pid}`,
  IMAGE: `multiplex-test:${process.pid}`,
  HTTP_PORT: `127.0.0.1:${port}`,
  STACK_URL: `http://127.0.0.1:${port}`,
  LOG_LEVEL: 'warn', // a line per request would drown what went wrong
  // All load comes from one address and few users. That the limits hold is another test's matter.
  RATE_LIMIT_USER: '1000000',
  RATE_LIMIT_ADDRESS: '1000000',
  RATE_LIMIT_LOGIN: '1000000',
};

let current: ReturnType<typeof spawn> | undefined;
let interrupted = false;
const runStep = (command: string, args: string[], options: SpawnOptions = {}) =>
  new Promise<boolean>((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      ...options,
    });
    if (!options.detached) current = child; // the taking down is not to be interrupted
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
// A terminal sends SIGINT to the children itself; others send SIGTERM to this process alone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    if (!interrupted) current?.kill(signal);
    interrupted = true;
  });

/** What the containers said meanwhile: of nginx's many lines its errors, and the answers that it could not give. */
const explain = async (since: string) => {
  const logs = `docker compose logs --no-color --since ${since}`;
  for (const pattern of ['^[^{]', '"status":5'])
    await runStep('sh', ['-c', `${logs} --no-log-prefix nginx | grep '${pattern}' | tail -n 40`]);
  await runStep('sh', ['-c', `${logs} --tail 40 | grep -v '^nginx'`]);
};

/** One file after the other, as there is one stack. The failures once more at the end, where a long log is read. */
const testAll = async (): Promise<boolean> => {
  const folderOfResults = mkdtempSync(join(tmpdir(), 'multiplex-compose-'));
  const results = join(folderOfResults, 'results');
  const reporter = (to: string) => ['--test-reporter=spec', `--test-reporter-destination=${to}`];
  const options = ['--import', 'tsx', '--test', ...reporter('stdout'), ...reporter(results)];
  const failures: string[] = [];
  for (const name of tests) {
    const since = new Date().toISOString();
    if (interrupted || (await runStep(process.execPath, [...options, join(folder, name)]))) continue;
    await explain(since);
    failures.push(readFileSync(results, 'utf8').split('failing tests:')[1] ?? `${name} did not end`);
  }
  rmSync(folderOfResults, { recursive: true });
  for (const failure of failures) say(`FAILED: ${failure.trim()}`);
  return !interrupted && failures.length === 0;
};

const prove = async (): Promise<boolean> => {
  // Node drops types unread: a fault in them would pass here and end `npm test`.
  if (!(await runStep('tsc', []))) return false;
  say('building the image and starting 3 replicas …');
  const since = new Date().toISOString();
  if (!(await runStep('docker', 'compose up --build --quiet-pull --wait --scale api=3'.split(' ')))) {
    if (!interrupted) await explain(since);
    return false;
  }
  say(`serving at ${env.STACK_URL}; testing …`);
  return testAll();
};

let passed = false;
try {
  passed = await prove();
} finally {
  say('taking it down …');
  // In a process group of its own, so that an impatient second Ctrl-C does not leave half of it running.
  const down = 'compose down --volumes --remove-orphans --timeout 10'.split(' ');
  await runStep('docker', down, { detached: true, stdio: 'ignore' });
  await runStep('docker', ['image', 'rm', env.IMAGE], { detached: true, stdio: 'ignore' }); // its layers stay cached
}
const outcome = interrupted ? 'interrupted' : 'FAILED';
say(passed ? `passed: ${tests.length} files against the real docker-compose.yml` : outcome);
process.exit(passed ? 0 : 1);

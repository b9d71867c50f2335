import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { runToEnd, whenAbandoned, whenEnded } from './services/children.ts';
import { provisionServices, type Services } from './services/provision.ts';
import { log, step } from './services/system.ts';

/** Tests with a name like these need more than this machine's processes and have commands of their own. */
const ELSEWHERE = /\.(compose|chaos|browser|observability|load)\.test\.ts$/;

const findTests = (): string[] =>
  readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !ELSEWHERE.test(name))
    .map((name) => join('test', name))
    .sort();

const TEMPLATE = 'multiplex_template';

/** The tests' databases are copies of this one, so each starts migrated and empty. */
const createTemplate = async (databaseUrl: string, redisUrl: string) => {
  const admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  await admin.query(`drop database if exists ${TEMPLATE}`);
  await admin.query(`create database ${TEMPLATE}`);
  await admin.end();
  const template = new URL(databaseUrl);
  template.pathname = `/${TEMPLATE}`;
  const env = { PATH: process.env.PATH, NODE_ENV: 'test', DATABASE_URL: template.href, REDIS_URL: redisUrl };
  await runToEnd(['node', 'dist/entry-points/migrate.js'], { env });
};

const createInterruption = () => {
  const state = { stopping: false, runner: undefined as ChildProcess | undefined };
  const interrupt = () => {
    state.runner?.kill(state.stopping ? 'SIGKILL' : 'SIGTERM');
    state.stopping = true;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  whenAbandoned(interrupt);
  return state;
};

const interruption = createInterruption();
/** A step, unless we were told to stop; what already runs is cleaned up on the way out. */
const nextStep: typeof step = (what, work) => {
  if (interruption.stopping) throw new Error('Interrupted.');
  return step(what, work);
};

const runTests = async (
  files: readonly string[],
  env: Record<string, string | undefined>,
): Promise<number> => {
  if (interruption.stopping) throw new Error('Interrupted.');
  const runner = ['--import', 'tsx', '--test', '--test-reporter=spec', '--test-concurrency=2'];
  interruption.runner = spawn('node', [...runner, ...files], { stdio: 'inherit', env });
  return whenEnded(interruption.runner);
};

const provideForTests = (folder: string) =>
  provisionServices({
    folder,
    persistent: false,
    redisUrl: process.env.TEST_REDIS_URL,
    databaseUrl: process.env.TEST_DATABASE_URL,
    log,
  });

const main = async (): Promise<number> => {
  const files = process.argv.length > 2 ? process.argv.slice(2) : findTests();
  if (files.length === 0) throw new Error('there are no test files');
  await nextStep('Checking types', () => runToEnd(['tsc']));
  await nextStep('Compiling, for the tests that run real processes', () =>
    runToEnd(['npm', 'run', '--silent', 'build']),
  );
  await nextStep('Checking style', () => runToEnd(['biome', 'check', '.']));
  const folder = mkdtempSync(join(tmpdir(), 'multiplex-test-'));
  let services: Services | undefined;
  try {
    services = await nextStep('Providing Redis and PostgreSQL', () => provideForTests(folder));
    const { redisUrl, databaseUrl } = services;
    await nextStep('Migrating the template database', () => createTemplate(databaseUrl, redisUrl));
    console.log(`Running ${files.length} test files …`);
    return await runTests(files, {
      ...process.env,
      TEST_REDIS_URL: redisUrl,
      TEST_DATABASE_URL: databaseUrl,
    });
  } finally {
    await services?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 1;
});

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { runToEnd, whenEnded } from './services/children.ts';
import { provisionServices } from './services/provision.ts';
import { log, step } from './services/system.ts';

/** Tests with a name like these need more than this machine's processes and have commands of their own. */
const ELSEWHERE = /\.(compose|chaos|browser)\.test\.ts$/;

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
  await runToEnd(['node', '--import', 'tsx', 'src/entry-points/migrate.ts'], { env });
};

const runTests = async (
  files: readonly string[],
  env: Record<string, string | undefined>,
): Promise<number> => {
  const runner = ['--import', 'tsx', '--test', '--test-reporter=spec', '--test-concurrency=2'];
  const child = spawn('node', [...runner, ...files], { stdio: 'inherit', env });
  process.once('SIGINT', () => child.kill('SIGTERM'));
  process.once('SIGTERM', () => child.kill('SIGTERM'));
  return whenEnded(child);
};

const main = async (): Promise<number> => {
  const files = process.argv.length > 2 ? process.argv.slice(2) : findTests();
  if (files.length === 0) throw new Error('there are no test files');
  await step('Checking types', () => runToEnd(['tsc']));
  await step('Checking style', () => runToEnd(['biome', 'check', '.']));
  const folder = mkdtempSync(join(tmpdir(), 'multiplex-test-'));
  const services = await step('Providing Redis and PostgreSQL', () =>
    provisionServices({
      folder,
      persistent: false,
      redisUrl: process.env.TEST_REDIS_URL,
      databaseUrl: process.env.TEST_DATABASE_URL,
      log,
    }),
  );
  try {
    await step('Migrating the template database', () =>
      createTemplate(services.databaseUrl, services.redisUrl),
    );
    console.log(`Running ${files.length} test files …`);
    return await runTests(files, {
      ...process.env,
      TEST_REDIS_URL: services.redisUrl,
      TEST_DATABASE_URL: services.databaseUrl,
    });
  } finally {
    await services.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 1;
});

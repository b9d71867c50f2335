import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { createDatabase, type Database } from '../../src/infrastructure/database.ts';
import { createLogger } from '../../src/infrastructure/logger.ts';
import { type Migration, migrate } from '../../src/infrastructure/migrations.ts';
import { testEnv } from '../support/env.ts';
import { spawnEntryPoint } from '../support/processes.ts';
import { createDatabaseForTest, sharedRedisUrl, type TestDatabase, uniqueName } from '../support/servers.ts';

const logger = createLogger({ level: 'silent', instance: 'test' });
const first: Migration = { name: 'first', sql: 'create table lab.things (id int)' };
const second: Migration = { name: 'second', sql: 'insert into lab.things values (2)' };

let made: TestDatabase;
let database: Database;
beforeEach(async () => {
  made = await createDatabaseForTest('template0');
  database = createDatabase({ url: made.url, poolSize: 2 }, logger);
});
afterEach(async () => {
  await database.close();
  await made.drop();
});

const run = (migrations: Migration[]) =>
  migrate(database, [{ name: 'lab', migrations }], { seed: false }, logger);
const things = async () => (await made.pool.query('select id from lab.things')).rows;

test('each migration runs once, and a new one is added to those that ran', async () => {
  await run([first]);
  await run([first, second]);
  await run([first, second]);
  assert.deepEqual(await things(), [{ id: 2 }]);
});

test('two deployments at the same time run each migration once', async () => {
  const other = createDatabase({ url: made.url, poolSize: 2 }, logger);
  await Promise.all([
    run([first, second]),
    migrate(other, [{ name: 'lab', migrations: [first, second] }], { seed: false }, logger),
  ]);
  await other.close();
  assert.deepEqual(await things(), [{ id: 2 }]);
});

test('a migration that fails leaves everything as it was', async () => {
  await run([first]);
  const broken = { name: 'broken', sql: 'insert into lab.things values (3); select nonsense' };
  await assert.rejects(run([first, second, broken]), /nonsense/);
  assert.deepEqual(await things(), []);
  await run([first, second]);
  assert.deepEqual(await things(), [{ id: 2 }]);
});

test('a migration that was edited after it ran is refused, and nothing changes', async () => {
  await run([first]);
  const edited = { name: 'first', sql: 'create table lab.other (id int)' };
  await assert.rejects(run([edited, second]), /lab\/first was edited/);
  assert.deepEqual(await things(), []);
});

test('the migrate process brings an empty database up twice, with sample data once', async () => {
  const env = testEnv({
    DATABASE_URL: made.url,
    REDIS_URL: sharedRedisUrl(),
    REDIS_KEY_PREFIX: `${uniqueName('test')}:`,
    SEED_SAMPLE: 'true',
    ADMIN_EMAIL: 'Boss@example.org',
    ADMIN_PASSWORD: 'a long password',
  });
  const processes = [spawnEntryPoint('migrate', env), spawnEntryPoint('migrate', env)];
  for (const child of processes) assert.equal(await child.exited, 0, child.logs.text());
  const count = async (table: string) =>
    (await made.pool.query(`select count(*)::int from ${table}`)).rows[0].count;
  assert.equal(await count('catalog.movies'), 3);
  assert.equal(await count('grocery.products'), 3);
  assert.deepEqual((await made.pool.query('select email, role from accounts.users')).rows, [
    { email: 'boss@example.org', role: 'admin' },
  ]);
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { queueName, queuePrefix } from '../../src/infrastructure/queues.ts';
import { testEnv } from '../support/env.ts';
import { createDatabaseForTest, sharedRedisUrl, uniqueName } from '../support/servers.ts';

const SECONDS = 20;

/** The second that a tick is of; its id ends with it, in milliseconds. */
const secondOf = (id: string) => Number(id.slice(id.lastIndexOf(':') + 1)) / 1_000;
const inOrder = (ids: string[]) => ids.map(secondOf).sort((a, b) => a - b);

test('four workers run every tick of a schedule once, though one is killed and one is stopped', async (t) => {
  const prefix = `${uniqueName('test')}:`;
  const database = await createDatabaseForTest();
  await database.pool.query('create table ticks (id text not null)');
  const env = testEnv({
    PATH: process.env.PATH,
    DATABASE_URL: database.url,
    REDIS_URL: sharedRedisUrl(),
    REDIS_KEY_PREFIX: prefix,
  });
  const redis = new Redis(sharedRedisUrl());
  const workers = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--import', 'tsx', 'test/support/jobs/tick-worker.ts'], {
      env,
      stdio: 'ignore',
    }),
  );
  t.after(async () => {
    for (const worker of workers) worker.kill('SIGKILL');
    redis.disconnect();
    await database.drop();
  });
  const ticks = async () => {
    const { rows } = await database.pool.query<{ id: string }>('select id from ticks');
    return inOrder(rows.map(({ id }) => id));
  };
  /** What the clock made due: every second, but for those that passed while nobody could take the one before. */
  const due = async () => {
    const events = `${queuePrefix(prefix)}:${queueName('accounts', 'bulk')}:events`;
    const entries = await redis.xrange(events, '-', '+');
    const added = entries.filter(([, fields]) => fields[fields.indexOf('event') + 1] === 'added');
    return inOrder(added.map(([, fields]) => String(fields[fields.indexOf('jobId') + 1])));
  };
  const until = async (condition: () => Promise<boolean>) => {
    const deadline = performance.now() + 60_000;
    while (!(await condition())) {
      assert.ok(performance.now() < deadline, `waited in vain; ticks: ${(await ticks()).join(' ')}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  await until(async () => (await ticks()).length >= SECONDS / 3);
  workers[0]?.kill('SIGKILL');
  await until(async () => (await ticks()).length >= (2 * SECONDS) / 3);
  workers[1]?.kill('SIGTERM');
  assert.deepEqual(await once(workers[1] as never, 'exit'), [0, null]);
  // A tick that the killed worker held comes late, when its lock has run out; then none is left.
  await until(async () => {
    const seen = new Set(await ticks());
    const [first, last] = [Math.min(...seen), Math.max(...seen)];
    return last - first >= SECONDS && (await due()).every((second) => second > last || seen.has(second));
  });
  const seen = await ticks();
  assert.equal(new Set(seen).size, seen.length, 'no tick twice');
  const made = await due();
  assert.ok(
    seen.every((second) => made.includes(second)),
    'none that was not due',
  );
  t.diagnostic(`${seen.length} ticks, each once`);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { createLogger } from '../../src/infrastructure/logger.ts';
import { closeRedis, openRedis } from '../../src/infrastructure/redis.ts';
import { startOwnRedis } from '../support/own-servers.ts';

const standStill = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test('a command is given up when Redis does not answer, and not when this process did not run', async (t) => {
  const server = await startOwnRedis();
  const redis = await openRedis(
    { url: server.url, keyPrefix: '' },
    createLogger({ level: 'silent', instance: 'test' }),
  );
  t.after(async () => {
    server.kill('SIGCONT');
    await closeRedis(redis);
    await server.end();
  });
  const answers = Promise.all([redis.set('a', '1'), redis.pipeline().get('a').exec()]);
  standStill(3_000); // over what a command may take, and a server be silent
  assert.deepEqual(await answers, ['OK', [[null, '1']]]);

  server.kill('SIGSTOP');
  await assert.rejects(redis.get('a'), /Command timed out/);
  const asking = setInterval(() => redis.get('a').catch(() => {}), 100);
  t.after(() => clearInterval(asking));
  await assert.rejects(once(redis, 'close'), /Socket timeout/);
});

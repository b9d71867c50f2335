import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spawnCluster, startShoppers } from '../support/cluster.ts';

const RELOADS = 10;
const SECONDS = 120;

test('ten reloads or more in two minutes of GET and POST load fail no request', async (t) => {
  const cluster = await spawnCluster();
  t.after(cluster.close);
  await cluster.settled(2, 1);
  const load = await startShoppers(cluster, 8);
  t.after(load.stop);
  const startedAt = performance.now();
  const seconds: number[] = [];
  while (seconds.length < RELOADS || performance.now() - startedAt < SECONDS * 1_000) {
    const before = performance.now();
    await cluster.reload();
    seconds.push((performance.now() - before) / 1_000);
  }
  const { answered, broken } = await load.stop();
  t.diagnostic(`${seconds.length} reloads, the longest ${Math.max(...seconds).toFixed(1)} s`);
  t.diagnostic(`answered ${JSON.stringify(answered)}, broken ${JSON.stringify(broken)}`);
  assert.deepEqual(broken, {});
  assert.deepEqual(Object.keys(answered), ['200', '201']);
});

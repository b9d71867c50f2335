import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnCluster, startShoppers } from '../support/cluster.ts';
import { startLoad, sum } from '../support/load.ts';
import { waitFor } from '../support/wait.ts';

const CONNECTIONS = 8;
const typoIn = (role: string) =>
  `--import data:text/javascript,if(process.env.CLUSTER_ROLE==='${role}')undefinedFunction();`;
const spawnsIn = (text: string) => text.split('undefinedFunction is not defined').length - 1;

for (const role of ['api', 'worker']) {
  test(`a typo at the start of the ${role} processes ends the whole, with their error, and no loop`, async () => {
    const cluster = await spawnCluster({ NODE_OPTIONS: typoIn(role) });
    const code = await cluster.exited;
    assert.ok(typeof code === 'number' && code > 0, `ended with ${code}`);
    const text = cluster.logs.text();
    assert.match(text, /ReferenceError: undefinedFunction is not defined/);
    const [spawns, slots] = [spawnsIn(text), role === 'api' ? 2 : 1];
    assert.ok(spawns >= 2 && spawns <= 5 * slots, `${spawns} spawns in ${slots} slots`);
    await cluster.cinema.close();
  });
}

test('a faulty configuration is reported once, and nothing is tried again', async () => {
  const cluster = await spawnCluster({ TRUST_PROXY: 'true' });
  assert.equal(await cluster.exited, 78);
  await cluster.cinema.close();
});

test('processes that are killed under load are replaced, and the others answer meanwhile', async (t) => {
  const cluster = await spawnCluster();
  t.after(cluster.close);
  await cluster.settled(2, 1);
  const load = startLoad(cluster.url, CONNECTIONS, () => ({ method: 'GET', path: '/v1/catalog/movies' }));
  t.after(load.stop);
  const before = await cluster.status();
  for (const { pid } of before) {
    process.kill(pid, 'SIGKILL');
    await waitFor(
      'its death',
      async () => !(await cluster.status()).some((one) => one.pid === pid && one.state === 'ready'),
    );
    await cluster.settled(2, 1);
  }
  const { answered, broken } = await load.stop();
  t.diagnostic(`answered ${JSON.stringify(answered)}, broken ${JSON.stringify(broken)}`);
  assert.deepEqual(Object.keys(answered), ['200']);
  assert.ok(sum(broken) <= CONNECTIONS * 2, 'no more than the connections of the two killed APIs');
  assert.ok(!Object.keys(broken).some((how) => how.startsWith('never answered')), 'none was left hanging');
  const after = await cluster.status();
  assert.deepEqual(
    after.map((one) => one.restarts),
    [1, 1, 1],
  );
  assert.ok(after.every(({ pid }) => !before.some((one) => one.pid === pid)));
});

test('a process whose event loop is stuck is killed and replaced', async (t) => {
  const cluster = await spawnCluster({ HANG_SECONDS: '2' });
  t.after(cluster.close);
  await cluster.settled(2, 1);
  const [stuck] = await cluster.status();
  process.kill(stuck?.pid as number, 'SIGSTOP');
  await waitFor(
    'its replacement',
    async () => !(await cluster.status()).some((one) => one.pid === stuck?.pid),
  );
  await cluster.settled(2, 1);
});

test('a machine that stood still is no reason to kill anybody', async (t) => {
  const cluster = await spawnCluster({ HANG_SECONDS: '2' });
  t.after(cluster.close);
  await cluster.settled(2, 1);
  const before = await cluster.status();
  const all = [...before.map(({ pid }) => pid), cluster.child.pid as number];
  for (const pid of all) process.kill(pid, 'SIGSTOP');
  await sleep(4_000); // that is what it is about
  for (const pid of all.reverse()) process.kill(pid, 'SIGCONT');
  await waitFor('a sign of life of each', async () => {
    const now = await cluster.status();
    return now.length === 3 && now.every((one, index) => one.cpuMicros !== before[index]?.cpuMicros);
  });
  const pids = (await cluster.status()).map(({ pid }) => pid);
  assert.deepEqual(
    pids,
    before.map(({ pid }) => pid),
    cluster.logs.text(),
  );
});

test('a reload runs the new code, in new processes', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'multiplex-code-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const code = join(folder, 'code.mjs');
  const write = (version: string) =>
    writeFileSync(code, `if (process.env.CLUSTER_ROLE) process.env.INSTANCE_ID = '${version}'`);
  write('old code');
  const cluster = await spawnCluster({ NODE_OPTIONS: `--import ${code}` });
  t.after(cluster.close);
  await cluster.settled(2, 1);
  const servedBy = async () => (await fetch(`${cluster.url}/livez`)).headers.get('x-served-by');
  assert.equal(await servedBy(), 'old code');
  write('new code');
  await cluster.reload();
  assert.equal(await servedBy(), 'new code');
});

test('reloads under GET and POST load fail no request', async (t) => {
  const cluster = await spawnCluster();
  t.after(cluster.close);
  await cluster.settled(2, 1);
  const load = await startShoppers(cluster, CONNECTIONS);
  t.after(load.stop);
  for (const _round of [1, 2]) await cluster.reload();
  const { answered, broken } = await load.stop();
  t.diagnostic(`answered ${JSON.stringify(answered)}, broken ${JSON.stringify(broken)}`);
  assert.deepEqual(broken, {});
  assert.deepEqual(Object.keys(answered), ['200', '201']);
});

test('a reload brings the schema up to date first, and gives up where that fails', async (t) => {
  const cluster = await spawnCluster();
  t.after(cluster.close);
  await cluster.settled(2, 1);
  const { database } = cluster.cinema;
  await database.query(`alter table catalog.jobs drop column origin`);
  await database.query(`delete from deployment.migrations where schema = 'catalog' and name = 'jobs-origin'`);
  await cluster.reload();
  await database.query('select origin from catalog.jobs');

  await database.query(
    `update deployment.migrations set checksum = 'of another text' where schema = 'catalog'`,
  );
  const before = (await cluster.status()).map((one) => one.pid);
  process.kill(cluster.child.pid as number, 'SIGHUP');
  await waitFor('the reload to give up', () => cluster.logs.text().includes('what comes first did'));
  assert.match(cluster.logs.text(), /Migration catalog\/\S+ was edited after it ran/);
  assert.deepEqual(
    (await cluster.status()).map((one) => one.pid),
    before,
  );
});

test('a reload whose new processes do not start leaves the old ones in service', async (t) => {
  const cluster = await spawnCluster();
  t.after(cluster.close);
  await cluster.settled(2, 1);
  const before = (await cluster.status()).map((one) => one.pid);
  await cluster.cinema.database.query('select 1');
  process.kill(cluster.child.pid as number, 'SIGHUP');
  const fresh = await waitFor('a replacement', async () =>
    cluster.childPids().find((pid) => !before.includes(pid)),
  );
  process.kill(fresh, 'SIGKILL');
  await waitFor('the reload to give up', () => cluster.logs.text().includes('did not become ready'));
  assert.deepEqual(
    (await cluster.status()).map((one) => one.pid),
    before,
  );
  assert.equal((await fetch(`${cluster.url}/livez`)).status, 200);
});

test('SIGTERM under load leaves no accepted request unanswered, and ends with 0', async (t) => {
  const cluster = await spawnCluster();
  t.after(cluster.close);
  await cluster.settled(2, 1);
  const load = startLoad(cluster.url, CONNECTIONS, () => ({ method: 'GET', path: '/v1/catalog/movies' }));
  t.after(load.stop);
  await waitFor('some answers', () => sum(load.tally.answered) > 100);
  cluster.signal('SIGTERM');
  assert.equal(await cluster.exited, 0);
  const { answered, broken } = await load.stop();
  t.diagnostic(`answered ${JSON.stringify(answered)}, broken ${JSON.stringify(broken)}`);
  assert.deepEqual(Object.keys(answered), ['200']);
  // With nobody left to accept it, a new connection is refused; the kernel resets one that waited at that very moment.
  const neverAccepted = ['ECONNREFUSED of a new connection', 'ECONNRESET of a new connection'];
  assert.deepEqual(
    Object.keys(broken).filter((how) => !neverAccepted.includes(how)),
    [],
  );
  const heard = cluster.logs.lines().filter(({ msg, path }) => msg === 'request' && path !== '/readyz');
  assert.deepEqual([...new Set(heard.map(({ status }) => status))], [200]);
});

test('a second signal stops at once', async (t) => {
  const cluster = await spawnCluster({ DRAIN_SECONDS: '60', SHUTDOWN_SECONDS: '90' });
  t.after(cluster.close);
  await cluster.settled(2, 1);
  const load = startLoad(cluster.url, 1, () => ({ method: 'GET', path: '/livez' }));
  t.after(load.stop);
  await waitFor('an answer', () => sum(load.tally.answered) > 0);
  const [stuck] = await cluster.status();
  process.kill(stuck?.pid as number, 'SIGSTOP'); // so that it cannot drain
  cluster.signal('SIGTERM');
  await waitFor('the first signal to arrive', async () =>
    (await cluster.status()).every((one) => one.state !== 'ready'),
  );
  cluster.signal('SIGTERM');
  assert.equal(await cluster.exited, 1);
  await load.stop();
});

test('it scales while it runs, and adds the metrics of all processes up', async (t) => {
  const cluster = await spawnCluster({ WORKER_CONCURRENCY: '1' });
  t.after(cluster.close);
  await cluster.settled(2, 1);
  cluster.signal('SIGTTIN');
  await cluster.settled(3, 1);
  const served = new Set<string>();
  for (let index = 0; index < 30; index += 1)
    served.add(
      (await fetch(`${cluster.url}/v1/catalog/movies`, { headers: { connection: 'close' } })).headers.get(
        'x-served-by',
      ) ?? '',
    );
  assert.equal(served.size, 3);
  const metrics = await cluster.metrics();
  const counted =
    /http_request_duration_seconds_count\{method="GET",route="\/v1\/catalog\/movies",status="200"\} (\d+)/;
  assert.equal(Number(counted.exec(metrics)?.[1]), 30);
  assert.match(metrics, /jobs_in_queue/);
  cluster.signal('SIGTTOU');
  await cluster.settled(2, 1);
});

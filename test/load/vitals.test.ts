import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createVitals } from '../../scripts/load/vitals/collect.ts';
import { parseSamples, sumOf } from '../../scripts/load/vitals/exposition.ts';
import { readMetrics } from '../../scripts/load/vitals/metrics.ts';
import { postgresAt, redisAt } from '../../scripts/load/vitals/servers.ts';
import type { Reading, Source } from '../../scripts/load/vitals/source.ts';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { sharedRedisUrl } from '../support/servers.ts';

let cinema: Cinema;
before(async () => {
  cinema = await openCinema();
});
after(() => cinema.close());

const part = (name: string): Reading['part'] => ({
  name,
  kind: 'api',
  cpuLimitCores: null,
  memoryLimitBytes: null,
});

test('what replicas, Redis and PostgreSQL say of themselves is read, and moves with what is done', async () => {
  const url = `${cinema.at(0).url}/metrics`;
  const vitals = createVitals(
    [
      readMetrics(async () => [{ part: part('api-1'), url, withUsage: true }]),
      redisAt(sharedRedisUrl()),
      postgresAt(cinema.env.DATABASE_URL ?? ''),
    ],
    assert.fail,
  );
  const ask = () => fetch(`${cinema.at(0).url}/v1/accounts/me`);
  await ask();
  await vitals.sample(0);
  for (let count = 0; count < 30; count += 1) await ask();
  await vitals.sample(1);
  const parts = vitals.parts();
  await vitals.close();
  assert.deepEqual(parts.map(({ name }) => name).sort(), ['api-1', 'postgres-1', 'redis-1']);
  const last = (name: string, vital: string) =>
    parts.find((one) => one.name === name)?.vitals.find((one) => one.name === vital)?.values[1] ?? Number.NaN;
  assert.ok(last('api-1', 'requests') > 0);
  for (const [name, vital] of [
    ['api-1', 'cpu'],
    ['api-1', 'memory'],
    ['api-1', 'loop delay'],
    ['redis-1', 'answer time'],
    ['redis-1', 'commands'],
    ['postgres-1', 'answer time'],
    ['postgres-1', 'connections in use'],
  ] as const)
    assert.ok(last(name, vital) > 0, `${name} ${vital}`);
});

test('a part that comes later, one that goes, and a source that fails leave gaps and end nothing', async () => {
  let second = 0;
  const replicas: Source = {
    name: 'replicas',
    read: async () =>
      (second < 2 ? ['old', 'kept'] : ['kept', 'new']).map((name) => ({
        part: part(name),
        vitals: [['cpu', 'share', second / 10] as const],
      })),
    close: () => {},
  };
  const broken: Source = {
    ...replicas,
    name: 'broken',
    read: () => Promise.reject(new Error('out of order')),
  };
  const warnings: string[] = [];
  const vitals = createVitals([replicas, broken], (line) => warnings.push(line));
  for (; second < 4; second += 1) await vitals.sample(second);
  const series = Object.fromEntries(vitals.parts(4).map(({ name, vitals: [cpu] }) => [name, cpu?.values]));
  assert.deepEqual(series, {
    old: [0, 0.1, null, null],
    kept: [0, 0.1, 0.2, 0.3],
    new: [null, null, 0.2, 0.3],
  });
  assert.deepEqual(warnings, ['broken cannot be read: out of order']);
});

test('the text of /metrics is read as its format says', () => {
  const samples = parseSamples(
    '# HELP a Some.\n# TYPE a gauge\na{lane="bulk",state="waiting"} 3\na{lane="urgent",state="waiting"} 4\na{state="x"} 1\nb 1e-3\nc +Inf',
  );
  assert.equal(sumOf(samples, 'a', 'state="waiting"'), 7);
  assert.equal(sumOf(samples, 'b'), 0.001);
  assert.equal(sumOf(samples, 'c'), Number.POSITIVE_INFINITY);
  assert.equal(sumOf(samples, 'd'), null);
});

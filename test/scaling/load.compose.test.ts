import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { after, before, test } from 'node:test';
import type { KeptRun } from '../../scripts/load/history/store.ts';
import { compose, docker, scaleTo, stackUrl } from './containers/stack.ts';

const CORES = '0.15';
const A_FIFTH = '0.03';

/** As the report names them: Compose numbers replicas, and after a deployment goes on from where it was. */
const findReplicas = async (service: string) => {
  const names = (await compose('ps', '--format', '{{.Name}}', service)).split('\n');
  return names.map((container) => ({ container, name: `${service}-${container.split('-').at(-1)}` }));
};
let replicas: Awaited<ReturnType<typeof findReplicas>>;

const giveCores = (cores: string, some: typeof replicas) =>
  docker('update', '--cpus', cores, ...some.map(({ container }) => container));

/** As a person runs it against containers; says how it ended and what is kept of it. */
const load = (...args: string[]) =>
  new Promise<{ output: string; kept: KeptRun }>((resolve, reject) => {
    const project = process.env.COMPOSE_PROJECT_NAME ?? '';
    const all = ['--import', 'tsx', 'scripts/load/main.ts', '--compose', project, '--url', stackUrl, ...args];
    execFile(process.execPath, all, { maxBuffer: 2 ** 24 }, (_error, stdout, stderr) => {
      const [, path] = /^Figures (.*)$/m.exec(stdout) ?? [];
      if (!path) return reject(new Error(stdout + stderr));
      const kept = JSON.parse(readFileSync(path, 'utf8'));
      for (const file of [path, path.replace(/json$/, 'html')]) rmSync(file);
      resolve({ output: stdout, kept });
    });
  });

before(async () => {
  await scaleTo(4);
  replicas = await findReplicas('api');
  await giveCores(CORES, replicas);
  await giveCores(A_FIFTH, replicas.slice(2, 3));
});
after(() => giveCores(String(availableParallelism()), replicas));

test('a load test of four capped replicas says which of them has a fifth of the CPU', async () => {
  const { output, kept } = await load(
    '--rate',
    '60',
    '--ramp',
    '5',
    '--hold',
    '25',
    '--label',
    'compose-test',
  );
  const { run, verdict } = kept;
  assert.deepEqual(run.parts.map(({ name }) => name).sort(), [
    ...replicas.map(({ name }) => name).sort(),
    'generator',
    'nginx-1',
    'postgres-1',
    'redis-1',
    ...(await findReplicas('worker')).map(({ name }) => name),
  ]);
  for (const { name, vitals } of run.parts) {
    const values = vitals.find((vital) => vital.name === 'cpu')?.values ?? [];
    assert.ok(
      values.filter((value) => value !== null).length > run.load.length / 2,
      `${name} has CPU figures`,
    );
  }
  const found = verdict.findings.find(({ kind, part }) => kind === 'outlier' && part === replicas[2]?.name);
  assert.ok(found, output);
  console.log(`ℹ ${found.sentence}`);
  assert.ok(output.includes(found.sentence));
});

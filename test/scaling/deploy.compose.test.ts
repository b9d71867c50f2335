import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { logInAdmin, newCustomers } from './containers/cinema.ts';
import { createClient } from './containers/client.ts';
import { deploy } from './containers/deploy.ts';
import { createKinds } from './containers/kinds.ts';
import { assertNoneFailed, startLoad } from './containers/load.ts';
import { startMixedLoad } from './containers/mixed-load.ts';
import { apiContainers, compose, runningSince, scaleTo } from './containers/stack.ts';

const COMPOSE = 'docker-compose.yml';
const client = createClient(32);
const folder = mkdtempSync(join(tmpdir(), 'multiplex-deploy-'));
let kinds: ReturnType<typeof createKinds>;
let admin: string;

before(async () => {
  await scaleTo(2);
  admin = await logInAdmin(client);
  kinds = createKinds(client, await newCustomers(client, 8));
});
after(() => {
  client.close();
  rmSync(folder, { recursive: true });
});

type Changes = Record<string, readonly [pattern: RegExp, by: string]>;

/** A version of this project: what the image is built from, changed. Compose is told to build that, and nothing else. */
const makeVersion = (name: string, changes: Changes): string[] => {
  const version = join(folder, name);
  const parts = ['.dockerignore', 'Dockerfile', 'package.json', 'package-lock.json', 'tsconfig.json'];
  for (const part of [...parts, 'tsconfig.build.json', 'src', 'client', 'web'])
    cpSync(part, join(version, part), { recursive: true });
  for (const [path, [pattern, by]] of Object.entries(changes)) {
    const text = readFileSync(path, 'utf8');
    assert.match(text, pattern, path);
    writeFileSync(join(version, path), text.replace(pattern, by));
  }
  const override = `${version}.yml`;
  writeFileSync(override, `services: { api: { build: { context: ${version} } } }\n`);
  return [COMPOSE, override];
};

const NICKNAME = /^ {2}idempotencyMigration\('accounts'\),/m;
/** Reads a column that its own migration adds: were its replicas started first, they would answer 500. */
const better: Changes = {
  'src/features/accounts/migrations.ts': [
    NICKNAME,
    `$&\n  { name: 'nickname', sql: 'alter table accounts.users add column nickname text' },`,
  ],
  'src/features/accounts/store.ts': [/(?<=select \$\{COLUMNS\},) password_hash/g, ' nickname, password_hash'],
};

test('a new version with a new schema is deployed and taken back under load, and no request fails', async (context) => {
  const load = await startMixedLoad(context, { client, admin, kinds });
  await load.more(200);
  const others = await runningSince('nginx', 'redis', 'postgres');
  for (const version of [makeVersion('better', better), [COMPOSE]]) {
    const [old, oldWorkers] = [await apiContainers(), await runningSince('worker')];
    const { code, output } = await deploy(version);
    assert.equal(code, 0, output);
    const fresh = await apiContainers();
    assert.equal(fresh.length, 2);
    assert.ok(!fresh.some((id) => old.includes(id)), output);
    assert.notDeepEqual(await runningSince('worker'), oldWorkers);
    load.instances();
    await load.more(300);
    const serving = load.instances().map((name) => name.slice(0, 12));
    assert.deepEqual(serving.sort(), fresh.map((id) => id.slice(0, 12)).sort());
  }
  assert.deepEqual(await runningSince('nginx', 'redis', 'postgres'), others, 'only our image is exchanged');

  await load.finish('deployed twice');
});

const unfit: Record<string, Changes> = {
  'whose migration fails': {
    'src/features/accounts/migrations.ts': [NICKNAME, `$&\n  { name: 'typo', sql: 'alter tabel x' },`],
  },
  'that does not start': {
    'src/entry-points/api-server.ts': [/^/, `throw new Error('broken on purpose');\n`],
  },
};
for (const [what, changes] of Object.entries(unfit))
  test(`a version ${what} is refused, and the one before goes on`, async (context) => {
    const before = await runningSince('api', 'worker');
    const load = startLoad(context, kinds.gets(), { perSecond: 100 });
    const { code, output } = await deploy(makeVersion(what.replaceAll(' ', '-'), changes));
    assert.equal(code, 1, output);
    assert.match(output, /syntax error at or near .+tabel|broken on purpose/);
    assert.deepEqual(await runningSince('api', 'worker'), before);
    await scaleTo(2); // nor does what comes next know the refused one
    assert.deepEqual(await runningSince('api', 'worker'), before);
    assert.equal((await compose('ps', '--all', '--quiet', 'api')).split('\n').length, 2, 'nothing is left');
    assertNoneFailed(await load.stop());
  });

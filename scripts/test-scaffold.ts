import { execSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { step } from './services/system.ts';

/** Proves in fresh clones of what is committed that new:feature and remove:sample leave a green build. */
const SAMPLE = /catalog|tickets?\b|grocery|cinema|screening|movie|popcorn/i;

const folder = mkdtempSync(join(tmpdir(), 'multiplex-scaffold-'));

/** The tests bring their own servers, whatever the caller's environment names. */
const { PATH, HOME, TEST_REDIS_URL, TEST_DATABASE_URL } = process.env;
const env = {
  PATH,
  HOME,
  ...(TEST_REDIS_URL && { TEST_REDIS_URL }),
  ...(TEST_DATABASE_URL && { TEST_DATABASE_URL }),
};

const inClone = (clone: string) => (command: string) =>
  step(`${command} in ${clone}`, async () => {
    const options = { cwd: join(folder, clone), env, encoding: 'utf8', maxBuffer: 1e9 } as const;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', command], options);
    if (status !== 0) throw new Error(`${command} ended with ${status} in ${clone}:\n${stdout}${stderr}`);
    console.log(stdout.replaceAll(/^[✔▶].*\n/gm, ''));
    return stdout;
  });

/** A clone with the packages of this folder, so that npm has none to fetch. */
const cloneAs = (name: string) => {
  const clone = join(folder, name);
  execSync(`git clone --quiet --no-hardlinks "${process.cwd()}" "${clone}"`);
  for (const modules of ['node_modules', 'client/node_modules'])
    if (existsSync(modules))
      cpSync(modules, join(clone, modules), {
        recursive: true,
        verbatimSymlinks: true,
        preserveTimestamps: true,
      });
  return inClone(name);
};

const expect = (what: string, holds: boolean) => {
  if (!holds) throw new Error(`It does not hold that ${what}.`);
};

const addFeature = async () => {
  const run = cloneAs('with-a-feature');
  for (const bad of ['Loyalty', 'order', 'accounts', '../src', '']) {
    await run(`! npm run --silent new:feature -- '${bad}'`);
    expect(`"${bad}" is refused and nothing written`, (await run('git status --porcelain')) === '');
  }
  const said = await run('npm run --silent new:feature loyalty');
  expect(
    'it says what it registered',
    said.includes("import { createLoyalty } from './features/loyalty/index.ts';"),
  );
  await run('npm run --silent check && npm test');
};

const removeSample = async () => {
  const run = cloneAs('without-the-sample');
  await run('npm run --silent remove:sample');
  const src = join(folder, 'without-the-sample/src');
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  ))
    expect(`${file} is free of the sample`, !SAMPLE.test(readFileSync(join(src, file), 'utf8')));
  await run('npm run --silent check && npm run --silent build:page && npm test');
  const slo = '--slo test/load/slo/patient.json'; // however fast
  const loaded = await run(`npm run --silent load -- --rate 20 --ramp 1 --hold 5 ${slo}`);
  expect('what is left can be put under load', /^Report .*\.html$/m.test(loaded));
  if (spawnSync('docker', ['compose', 'version']).status === 0) await run('docker compose config --quiet');
  await run('git add --all && npm run --silent new:feature loyalty && npm run --silent check');
};

process.exitCode = await addFeature()
  .then(removeSample)
  .then(() => {
    console.log('new:feature and remove:sample leave a green build.');
    return 0;
  })
  .catch((error: Error) => {
    console.error(error.message);
    return 1;
  })
  .finally(() => rmSync(folder, { recursive: true, force: true }));

import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { addProduct, logInAdmin, newCustomers } from './containers/cinema.ts';
import { createClient } from './containers/client.ts';
import { deploy } from './containers/deploy.ts';
import { createKinds } from './containers/kinds.ts';
import { assertNoneFailed, report, startLoad } from './containers/load.ts';
import { startMixedLoad } from './containers/mixed-load.ts';
import { compose, docker, scaleTo, until } from './containers/stack.ts';

const STOCK = 1_000_000;
const RATE = 100;
const SECONDS = 60;
const TOGETHER = 'docker-compose.yml';
const APART_FILES = [TOGETHER, 'docker-compose.apart.yml'];
const APART = APART_FILES.flatMap((file) => ['-f', file]);
const OTHERS = ['accounts', 'catalog', 'grocery', 'tickets-worker'];
const client = createClient(32);
let admin: string;
let customers: string[];
let kinds: ReturnType<typeof createKinds>;

const up = (files: string[], ...more: string[]) => compose(...files, 'up', '--detach', '--wait', ...more);
const servedBy = async (path: string) => (await client.call(path)).headers['x-served-by'];
const UNDONE = 'select count(*) from tickets.jobs where done_at is null';
const undoneJobs = () =>
  compose('exec', '-T', 'postgres', 'psql', '-U', 'multiplex', '-d', 'multiplex', '-Atc', UNDONE);
const idsOf = (service: string) => compose(...APART, 'ps', '--quiet', service);

const move = async (files: readonly string[], ...services: string[]) => {
  const { code, output } = await deploy(files, ...services);
  assert.equal(code, 0, output);
};

before(async () => {
  await scaleTo(2);
  admin = await logInAdmin(client);
  customers = await newCustomers(client, 8);
  kinds = createKinds(client, customers);
});
after(client.close);

/** The statuses and faults of the same mixed load on what runs now. */
const loadFor = async (context: TestContext, title: string, seconds: number) => {
  const productId = await addProduct(client, admin, STOCK);
  const purchase = kinds.purchase('POST purchase, with key', admin);
  const mix = [...kinds.gets(), kinds.order('POST order, with key', productId, true), purchase];
  const load = startLoad(context, mix, { perSecond: RATE });
  for (let tens = 0; tens < seconds / 10; tens += 1) await load.more(RATE * 10);
  const tallies = await load.stop();
  report(title, tallies);
  assertNoneFailed(tallies);
};

/** Runs a statement as a service would, with what its container has. */
const query = (service: string, sql: string) => {
  const script = `import pg from 'pg';
    const client = new pg.Client(process.env.DATABASE_URL);
    await client.connect();
    const said = await client.query(process.argv[1]).then(({ rows }) => JSON.stringify(rows), ({ code }) => code);
    console.log(said);
    await client.end();`;
  const node = ['node', '--env-file=/secrets/multiplex.env', '--input-type=module', '-e', script, sql];
  return compose(...APART, 'exec', '--no-TTY', service, ...node);
};

test('from together to apart and back under load, and nothing is lost', async (context) => {
  const load = await startMixedLoad(context, { client, admin, kinds });
  await load.more(200);
  await move(APART_FILES);
  assert.equal(await idsOf('api'), '');
  const homes = await Promise.all(['/v1/catalog/movies', '/v1/grocery/products'].map(servedBy));
  assert.notEqual(homes[0], homes[1], 'each feature is a service of its own');
  assert.equal(
    await query('tickets', 'select count(*) >= 0 as yes from tickets.purchases'),
    '[{"yes":true}]',
  );
  for (const sql of ['select * from accounts.users', 'drop table tickets.purchases'])
    assert.equal(await query('tickets', sql), '42501', `${sql}: insufficient privilege`);
  assert.equal(await compose(...APART, 'exec', '--no-TTY', 'tickets', 'ls', '/secrets'), 'multiplex.env');
  const [tickets, others] = [await idsOf('tickets'), await Promise.all(OTHERS.map(idsOf))];
  await move(APART_FILES, 'tickets');
  assert.notEqual(await idsOf('tickets'), tickets, 'a service is deployed by itself');
  assert.deepEqual(await Promise.all(OTHERS.map(idsOf)), others);
  await load.more(600);
  await move([TOGETHER]);
  const left = (await compose('ps', '--format', '{{.Service}}')).split('\n');
  assert.deepEqual([...new Set(left)].sort(), ['api', 'nginx', 'postgres', 'redis', 'worker']);
  await load.more(300);

  await load.finish('together, apart, together');
  await until('all receipts are done', 60, async () => (await undoneJobs()) === '0');
});

test('one of two neighbours is killed under load: those who call it ask the other', async (context) => {
  await up(APART, '--scale', 'catalog=2');
  const purchase = kinds.purchase('POST purchase, with key', admin);
  const load = startLoad(context, [purchase], { perSecond: 400 });
  await load.more(800);
  const [victim = ''] = (await idsOf('catalog')).split('\n');
  await docker('kill', '--signal', 'KILL', victim);
  await load.more(1_600);
  const tallies = await load.stop();
  report('one of two neighbours killed', tallies);
  assertNoneFailed(tallies);
});

test('the same minute of mixed load is answered alike together and apart', async (context) => {
  await up([], '--remove-orphans');
  await loadFor(context, 'together', SECONDS);
  await up(APART);
  await loadFor(context, 'apart', SECONDS);
  await up([], '--remove-orphans');
});

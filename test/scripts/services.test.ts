import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startPostgres } from '../../scripts/services/postgres.ts';
import { provisionServices } from '../../scripts/services/provision.ts';
import { startRedis } from '../../scripts/services/redis.ts';

const folder = mkdtempSync(join(tmpdir(), 'multiplex-services-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const log = () => {};

const redisDo = async <T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> => {
  const redis = new Redis(url);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
};
const sqlDo = async (connectionString: string, sql: string) => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

test('a persistent Redis that is killed comes back on its port with its data', async () => {
  const server = await startRedis({ folder: join(folder, 'redis'), persistent: true, log });
  await redisDo(server.url, (redis) => redis.set('kept', 'yes'));
  await server.stop('SIGKILL');
  await server.start();
  assert.equal(await redisDo(server.url, (redis) => redis.get('kept')), 'yes');
  const [, policy] = await redisDo(
    server.url,
    (redis) => redis.config('GET', 'maxmemory-policy') as Promise<string[]>,
  );
  assert.equal(policy, 'noeviction');
  await server.stop();
  await assert.rejects(redisDo(server.url, (redis) => redis.once('error', () => redis.disconnect()).ping()));
});

test('a persistent PostgreSQL that is stopped comes back on its port with its data, and asks for its password', async () => {
  const server = await startPostgres({ folder: join(folder, 'postgres'), persistent: true, log });
  await sqlDo(server.url, 'create table kept (id int)');
  await server.stop();
  await server.start();
  assert.deepEqual(await sqlDo(server.url, 'select * from kept'), []);
  const wrong = new URL(server.url);
  wrong.password = 'guess';
  await assert.rejects(sqlDo(wrong.href, 'select 1'), /password authentication failed/);
  await server.stop();
});

test('a given URL at which nothing answers is an error that names its variable, and nothing stays running', async () => {
  const dead = { folder, persistent: false, log };
  await assert.rejects(
    provisionServices({ ...dead, redisUrl: 'redis://127.0.0.1:1', databaseUrl: undefined }),
    /REDIS_URL: no Redis answers there/,
  );
  await assert.rejects(
    provisionServices({ ...dead, redisUrl: undefined, databaseUrl: 'postgres://u:p@127.0.0.1:1/d' }),
    /DATABASE_URL: no PostgreSQL answers there/,
  );
});

test('the installation step is silent when everything is installed', () => {
  const { status, stdout, stderr } = spawnSync('node', ['scripts/install.mjs'], { encoding: 'utf8' });
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
});

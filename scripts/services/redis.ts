import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Redis } from 'ioredis';
import { dieWithParent, findFreePort, isOnPath, runToEnd } from './children.ts';
import { type RunningServer, startServerProcess } from './server.ts';

interface RedisOptions {
  /** Where its data lies. */
  folder: string;
  /** With an append-only file, so that a restart finds everything; for throw-away servers false. */
  persistent: boolean;
  log(line: string): void;
}

const CACHE = resolve('.multiplex/cache/redis');

const WAYS_OUT = `There is no Redis, and none could be got. Do one of these:
  - set REDIS_URL to a running one
  - install redis-server or valkey-server (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis)
  - start a Docker engine`;

/** The packages that an installation would add; nothing is installed, so no system service starts. */
const missingPackages = (): string[] => {
  const simulate = () =>
    spawnSync('apt-get', ['install', '--no-install-recommends', '--simulate', 'redis-server'], {
      encoding: 'utf8',
    });
  let result = simulate();
  if (result.status !== 0 && process.getuid?.() === 0) {
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
    result = simulate();
  }
  return [...(result.stdout ?? '').matchAll(/^Inst (\S+)/gm)].flatMap((match) => match[1] ?? []);
};

/** Unpacks Debian's packages below .multiplex, as any user and without touching the system. */
const unpackDebian = async (log: RedisOptions['log']): Promise<boolean> => {
  if (existsSync(`${CACHE}/usr/bin/redis-server`)) return true;
  if (!isOnPath('apt-get') || !isOnPath('dpkg-deb')) return false;
  log('redis: fetching Debian’s packages, once, some seconds …');
  const packages = missingPackages();
  if (packages.length === 0) return false;
  // Unpacked beside and renamed: what a kill leaves behind must not be taken for a Redis.
  const unfinished = `${CACHE}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    await runToEnd(['apt-get', 'download', ...packages], { cwd: unfinished });
    await runToEnd(
      ['sh', '-ec', 'for package in ./*.deb; do dpkg-deb -x "$package" .; rm "$package"; done'],
      {
        cwd: unfinished,
      },
    );
    renameSync(unfinished, CACHE);
  } catch (error) {
    log(`redis: ${(error as Error).message}`);
    rmSync(unfinished, { recursive: true, force: true });
  }
  return existsSync(`${CACHE}/usr/bin/redis-server`);
};

const hasDocker = () => spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0;

interface Found {
  command: string[];
  env?: Record<string, string | undefined>;
  inContainer?: boolean;
}

const find = async (port: number, log: RedisOptions['log']): Promise<Found> => {
  for (const program of ['redis-server', 'valkey-server'])
    if (isOnPath(program)) return { command: [...dieWithParent('TERM'), program] };
  if (await unpackDebian(log)) {
    const libraries = spawnSync('sh', ['-c', `ls -d ${CACHE}/usr/lib/*-linux-*`], {
      encoding: 'utf8',
    }).stdout.trim();
    const env = { ...process.env, LD_LIBRARY_PATH: libraries.split('\n').join(':') };
    return { command: [...dieWithParent('TERM'), `${CACHE}/usr/bin/redis-server`], env };
  }
  if (hasDocker()) {
    log('redis: running redis:8-alpine in Docker');
    const publish = ['-p', `127.0.0.1:${port}:6379`];
    return {
      command: ['docker', 'run', '--rm', ...publish, 'redis:8-alpine', 'redis-server'],
      inContainer: true,
    };
  }
  throw new Error(WAYS_OUT);
};

const probe = async (url: string) => {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
};

/** Starts a Redis on a free port of 127.0.0.1. @throws naming every way out when there is none to start. */
export const startRedis = async ({ folder, persistent, log }: RedisOptions): Promise<RunningServer> => {
  mkdirSync(folder, { recursive: true });
  const port = await findFreePort();
  const { command, env = process.env, inContainer = false } = await find(port, log);
  const url = `redis://127.0.0.1:${port}`;
  const place = inContainer ? [] : ['--port', String(port), '--bind', '127.0.0.1', '--dir', resolve(folder)];
  const durability = [
    '--save',
    '',
    '--appendonly',
    persistent ? 'yes' : 'no',
    '--maxmemory-policy',
    'noeviction',
  ];
  return startServerProcess({
    name: 'redis',
    url,
    port,
    command: [...command, ...place, ...durability],
    env,
    stopSignal: 'SIGTERM',
    probe: () => probe(url),
  });
};

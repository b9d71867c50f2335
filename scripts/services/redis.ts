import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { Redis } from 'ioredis';
import { dieWithParent, findFreePort, isOnPath } from './children.ts';
import { fromDebian } from './debian.ts';
import { type RunningServer, startServerProcess } from './server.ts';

interface RedisOptions {
  /** Where its data lies. */
  folder: string;
  /** With an append-only file, so that a restart finds everything; for throw-away servers false. */
  persistent: boolean;
  log(line: string): void;
}

const WAYS_OUT = `There is no Redis, and none could be got. Do one of these:
  - set REDIS_URL to a running one
  - install redis-server or valkey-server (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis)
  - start a Docker engine`;

const hasDocker = () => spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0;

interface Found {
  command: string[];
  env?: Record<string, string | undefined>;
  inContainer?: boolean;
}

const find = async (port: number, log: RedisOptions['log']): Promise<Found> => {
  for (const program of ['redis-server', 'valkey-server'])
    if (isOnPath(program)) return { command: [...dieWithParent('TERM'), program] };
  const unpacked = await fromDebian('redis-server', 'bin/redis-server', log);
  if (unpacked) return { command: [...dieWithParent('TERM'), unpacked.path], env: unpacked.env };
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

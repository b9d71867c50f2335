import { Redis } from 'ioredis';
import { startRedis } from '../../../scripts/services/redis.ts';
import { type Env, testEnv } from '../env.ts';
import { freePort, type Spawned, spawnApi, spawnEntryPoint } from '../processes.ts';
import { waitFor } from '../wait.ts';

/** A process that is started again whenever it was killed, always on the same port. */
export interface Immortal {
  url: string;
  /** Ends it by SIGKILL and starts it again. */
  murder(): Promise<void>;
  end(): Promise<void>;
}

const spawnWorker = async (env: Env): Promise<Spawned> => {
  const worker = spawnEntryPoint('job-worker', env);
  await waitFor('the worker to work', () => {
    if (worker.child.exitCode !== null) throw new Error(`The worker ended:\n${worker.logs.text()}`);
    return worker.logs.lines().some((line) => line.msg === 'working');
  });
  return worker;
};

export const startImmortal = async (kind: 'api' | 'worker', env: Env): Promise<Immortal> => {
  const PORT = String(await freePort());
  const spawn = () => (kind === 'api' ? spawnApi({ ...env, PORT }) : spawnWorker({ ...env, PORT }));
  let running = await spawn();
  return {
    url: `http://127.0.0.1:${PORT}`,
    murder: async () => {
      await running.kill();
      running = await spawn();
    },
    end: async () => {
      running.signal('SIGTERM');
      await running.exited;
    },
  };
};

/** A Redis of the test's own, with its append-only file, so that it can be killed and come back. */
export const startOwnRedis = async (folder: string) => {
  const server = await startRedis({ folder, persistent: true, log: () => {} });
  const redis = new Redis(server.url, { keyPrefix: 'chaos:', maxRetriesPerRequest: null });
  redis.on('error', () => {});
  return {
    env: (own: Env) => testEnv({ REDIS_URL: server.url, REDIS_KEY_PREFIX: 'chaos:', ...own }),
    restart: async () => {
      await server.stop('SIGKILL');
      await server.start();
    },
    close: async () => {
      redis.disconnect();
      await server.stop();
    },
  };
};

import { spawnSync } from 'node:child_process';
import { openCinema } from './cinema.ts';
import type { Env } from './env.ts';
import { freePort, spawnEntryPoint } from './processes.ts';
import { waitFor } from './wait.ts';

export interface ProcessStatus {
  role: 'api' | 'worker';
  pid: number;
  state: 'starting' | 'ready' | 'stopping';
  restarts: number;
  requests?: number;
}

/** A one-machine cluster as real processes, with a database and a Redis prefix of its own. */
export const spawnCluster = async (env: Env = {}) => {
  const cinema = await openCinema({ instances: 0 });
  const [port, control] = [await freePort(), await freePort()];
  const cluster = spawnEntryPoint('one-machine-cluster', {
    ...cinema.env,
    LOG_LEVEL: 'info',
    PORT: String(port),
    CONTROL_PORT: String(control),
    WEB_CONCURRENCY: '2',
    DRAIN_SECONDS: '4',
    ...env,
  });
  const ask = (path: string) => fetch(`http://127.0.0.1:${control}${path}`);
  const status = async (): Promise<ProcessStatus[]> =>
    ask('/status').then(
      async (reply) => ((await reply.json()) as { processes: ProcessStatus[] }).processes,
      () => [],
    );
  return {
    ...cluster,
    cinema,
    url: `http://127.0.0.1:${port}`,
    status,
    /** The processes of the cluster as the system sees them, also those that are not in service yet. */
    childPids: () => {
      const { stdout } = spawnSync('pgrep', ['-P', String(cluster.child.pid)], { encoding: 'utf8' });
      return stdout.trim().split('\n').map(Number);
    },
    metrics: async () => (await ask('/metrics')).text(),
    /** Waits until just these processes are in service, all ready. */
    settled: (apis: number, workers: number) =>
      waitFor(`${apis} APIs and ${workers} workers`, async () => {
        const all = await status();
        const ready = (role: string) =>
          all.filter((one) => one.role === role && one.state === 'ready').length;
        return all.length === apis + workers && ready('api') === apis && ready('worker') === workers;
      }),
    close: async () => {
      cluster.signal('SIGTERM');
      await cluster.exited;
      await cinema.close();
    },
  };
};

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { openCinema } from './cinema.ts';
import type { Env } from './env.ts';
import { startLoad } from './load.ts';
import { registerAndLogIn } from './people.ts';
import { freePort, spawnEntryPoint } from './processes.ts';
import { addProduct } from './supplies.ts';
import { waitFor } from './wait.ts';

/** A migration, then each process in turn: its start and DRAIN_SECONDS; under load on two cores. */
const RELOAD_MS = 60_000;

export interface ProcessStatus {
  role: 'api' | 'worker';
  pid: number;
  state: 'starting' | 'ready' | 'stopping';
  restarts: number;
  requests?: number;
  cpuMicros?: number;
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
  /** Sends SIGHUP, and waits until all processes are new and the old ones have ended. */
  const reload = async () => {
    const before = (await status()).map(({ pid }) => pid);
    const reloads = () => cluster.logs.lines().filter(({ msg }) => msg === 'reloaded').length;
    const earlier = reloads();
    cluster.signal('SIGHUP');
    await waitFor('the end of the reload', () => reloads() > earlier, RELOAD_MS);
    const after = await status();
    assert.ok(after.every(({ pid, state }) => state === 'ready' && !before.includes(pid)));
    assert.equal(after.length, before.length);
  };
  return {
    ...cluster,
    cinema,
    reload,
    url: `http://127.0.0.1:${port}`,
    status,
    /** The processes of the cluster as the system sees them, also those that are not in service yet; no migration. */
    childPids: () => {
      const { stdout } = spawnSync('pgrep', ['-f', '-P', String(cluster.child.pid), 'one-machine-cluster'], {
        encoding: 'utf8',
      });
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

/** Load of which every third request is a POST that changes something. */
export const startShoppers = async (
  { url, cinema }: Awaited<ReturnType<typeof spawnCluster>>,
  connections: number,
) => {
  const { auth } = await registerAndLogIn({ url } as never);
  const productId = await addProduct(cinema.database, 1_000_000);
  const body = { items: [{ productId, quantity: 1 }] };
  return startLoad(url, connections, (index) => {
    if (index % 3 > 0) return { method: 'GET', path: '/v1/accounts/me', headers: auth };
    const headers = { ...auth, 'idempotency-key': randomUUID() };
    return { method: 'POST', path: '/v1/grocery/orders', headers, body };
  });
};

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Env } from './env.ts';
import { createLogs, type Logs } from './logs.ts';
import { waitFor } from './wait.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Spawned {
  child: ChildProcess;
  logs: Logs;
  signal(name: NodeJS.Signals): void;
  /** The exit code, or the signal that ended it. */
  exited: Promise<number | NodeJS.Signals>;
  /** Ends it, whatever it is doing; safe to call twice. */
  kill(): Promise<void>;
}

/** Runs an entry point as a process with this environment and no other variables of ours. */
export const spawnEntryPoint = (name: string, env: Env): Spawned => {
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(process.execPath, [`dist/entry-points/${name}.js`], {
    cwd: ROOT,
    env: { PATH, HOME, TMPDIR, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const logs = createLogs();
  child.stdout?.on('data', (chunk: Buffer) => logs.write(chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => logs.write(chunk.toString()));
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  child.once('exit', () => process.off('exit', killWithUs));
  const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  return {
    child,
    logs,
    exited,
    signal: (signal) => child.kill(signal),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};

export interface SpawnedApi extends Spawned {
  url: string;
}

/** A real API process; resolves when it listens. @throws with what it printed when it ends before that. */
export const spawnApi = async (env: Env): Promise<SpawnedApi> => {
  const api = spawnEntryPoint('api-server', { ...env, PORT: env.PORT ?? '0' });
  const port = await waitFor('the API process to listen', () => {
    if (api.child.exitCode !== null) throw new Error(`The API process ended:\n${api.logs.text()}`);
    return api.logs.lines().find((line) => line.msg === 'listening')?.port as number | undefined;
  });
  return { ...api, url: `http://127.0.0.1:${port}` };
};

/** A port that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
};

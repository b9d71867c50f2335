import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';

/** Whether a program of this name can be run. */
export const isOnPath = (program: string): boolean => {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  return error === undefined;
};

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/**
 * A port of 127.0.0.1 that nobody listens on. Below the range from which the kernel gives ports to outgoing
 * connections, so that a server that is stopped finds its port free when it starts again.
 */
export const findFreePort = async (preferred?: number): Promise<number> => {
  if (preferred && (await isFree(preferred))) return preferred;
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
};

/**
 * Calls back, once, when the process that started this one is gone. npm that is told to stop ends the shell between
 * it and us and returns, and we would go on unseen. Polls, as no system has an event for it.
 */
export const whenAbandoned = (callback: () => void) => {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, 250);
  timer.unref();
};

/** Words to put before a command so that it gets `signal` when this process dies, even by SIGKILL; Linux only. */
export const dieWithParent = (signal: 'TERM' | 'INT'): string[] => {
  const known = spawnSync('setpriv', ['--pdeathsig', signal, 'true'], { stdio: 'ignore' }).status === 0;
  return known ? ['setpriv', '--pdeathsig', signal] : [];
};

export const whenEnded = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode ?? 1);
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });

/** Runs a command to its end. @throws when it exits with another code than 0, with what it wrote. */
export const runToEnd = async (command: readonly string[], options: SpawnOptions = {}): Promise<void> => {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const code = await whenEnded(child);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}\n${output}`);
};

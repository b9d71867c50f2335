import { spawn } from 'node:child_process';
import { findFreePort, whenEnded } from './children.ts';

/** A server under measurement. */
export interface Target {
  url: string;
  pid: number;
  /** From the start of the process to its first good answer, in milliseconds. */
  startMs: number;
  stop(): Promise<unknown>;
}

interface TargetOptions {
  command: readonly string[];
  env: Record<string, string | undefined>;
  /** Answers 200 when it serves. */
  probe: string;
}

/** Starts a server on a free port of 127.0.0.1 and waits until it serves. @throws when it ends instead. */
export const startTarget = async ({ command, env, probe }: TargetOptions): Promise<Target> => {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const startedAt = performance.now();
  // Log lines are made and written, as in service, to where nobody reads them.
  const child = spawn(process.execPath, command, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...env, PORT: String(port) },
  });
  process.once('exit', () => child.kill('SIGKILL')); // a measurement that fails must leave none behind
  const serves = () =>
    fetch(`${url}${probe}`).then(
      ({ status }) => status < 500,
      () => false,
    );
  while (!(await serves())) {
    if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const stop = () => {
    child.kill('SIGTERM');
    return whenEnded(child);
  };
  return { url, pid: child.pid as number, startMs: performance.now() - startedAt, stop };
};

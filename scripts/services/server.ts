import { type ChildProcess, spawn } from 'node:child_process';
import { whenEnded } from './children.ts';

/** A server process of ours: Redis or PostgreSQL. */
export interface RunningServer {
  url: string;
  port: number;
  /** Sends a signal, such as SIGSTOP to let it hang. */
  kill(signal: NodeJS.Signals): void;
  /** Ends it and resolves when it is gone; safe to call twice. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port with the data that it kept. */
  start(): Promise<void>;
}

interface ServerOptions {
  name: string;
  url: string;
  port: number;
  command: readonly string[];
  env?: Record<string, string | undefined>;
  stopSignal: NodeJS.Signals;
  /** Resolves when the server answers, rejects while it does not. */
  probe(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const ENDED_WITHIN_MS = 15_000;
/** PostgreSQL that was killed: its children end by themselves, but some milliseconds later. */
const PREDECESSOR_STILL_ENDS = /pre-existing shared memory block/;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Starts the process and waits until it answers. @throws with what it wrote when it ends instead. */
export const startServerProcess = async (options: ServerOptions): Promise<RunningServer> => {
  const { name, command, port, url, stopSignal } = options;
  let child: ChildProcess;
  const endAtExit = () => void child.kill(stopSignal);

  const start = async (deadline = Date.now() + READY_WITHIN_MS): Promise<void> => {
    const [program = '', ...args] = command;
    let output = '';
    // A group of its own: Ctrl-C must reach it through us, after the processes that still need it.
    child = spawn(program, args, { env: options.env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer) => {
      output = (output + chunk).slice(-4_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (error) => keep(Buffer.from(error.message)));
    process.once('exit', endAtExit);
    for (;;) {
      if (
        child.exitCode !== null ||
        child.signalCode !== null ||
        child.pid === undefined ||
        Date.now() > deadline
      ) {
        child.kill('SIGKILL');
        process.off('exit', endAtExit);
        if (PREDECESSOR_STILL_ENDS.test(output) && Date.now() < deadline) {
          await pause(100);
          return start(deadline);
        }
        throw new Error(`${name} did not start (${command.join(' ')}):\n${output}`);
      }
      const ready = await options.probe().then(
        () => true,
        () => false,
      );
      if (ready) return;
      await pause(20);
    }
  };

  await start();
  return {
    url,
    port,
    start: () => start(),
    kill: (signal) => void child.kill(signal),
    stop: async (signal = stopSignal) => {
      child.kill('SIGCONT'); // one that hangs would never hear the other
      child.kill(signal);
      const impatience = setTimeout(() => child.kill('SIGKILL'), ENDED_WITHIN_MS);
      await whenEnded(child);
      clearTimeout(impatience);
      process.off('exit', endAtExit);
    },
  };
};

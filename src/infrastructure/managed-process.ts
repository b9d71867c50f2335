import type { ChildProcess } from 'node:child_process';
import { BEAT_MS, type Beat, type FromChild } from './heartbeat.ts';
import type { Logger } from './logger.ts';

export type State = 'starting' | 'ready' | 'stopping' | 'ended';

export interface Ending {
  /** What it was doing when it ended. */
  state: State;
  code: number | null;
  signal: string | null;
}

/** A child that tells when it is ready and that it lives; see {@link startHeartbeat}. */
export interface ManagedProcess {
  readonly child: ChildProcess;
  readonly startedAt: number;
  state(): State;
  lastBeat(): Beat | undefined;
  /** Whether it became ready; false when it ended before. */
  readonly whenReady: Promise<boolean>;
  readonly whenEnded: Promise<Ending>;
  /** Lets it drain; kills it when that takes longer than `stopSeconds`. */
  terminate(): void;
  kill(): void;
}

export interface Patience {
  /** A process that is silent this long has a stuck event loop, cannot hear SIGTERM either, and is killed. */
  hangSeconds: number;
  /** How long a stopping process may take. */
  stopSeconds: number;
}

const START_SECONDS = 30;

export const manage = (child: ChildProcess, patience: Patience, logger: Logger): ManagedProcess => {
  const startedAt = Date.now();
  let state: State = 'starting';
  let beat: Beat | undefined;
  /** Seconds in which this process looked in vain. By the clock, all would seem stuck when the machine has slept. */
  let silentSeconds = 0;
  const kill = () => void child.kill('SIGKILL');

  const watch = setInterval(() => {
    const limit = state === 'starting' ? START_SECONDS : patience.hangSeconds;
    silentSeconds += BEAT_MS / 1_000;
    if (state === 'stopping' || silentSeconds <= limit) return;
    logger.error({ pid: child.pid, state }, 'a process is stuck; killing it');
    kill();
  }, BEAT_MS);

  const whenEnded = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) => {
      clearInterval(watch);
      resolve({ state, code, signal });
      state = 'ended';
    });
  });
  const whenReady = new Promise<boolean>((resolve) => {
    void whenEnded.then(() => resolve(false));
    child.on('message', (message: FromChild) => {
      silentSeconds = 0;
      if (message.type === 'beat') beat = message;
      if (message.type !== 'ready' || state !== 'starting') return;
      state = 'ready';
      resolve(true);
    });
  });
  return {
    child,
    startedAt,
    state: () => state,
    lastBeat: () => beat,
    whenReady,
    whenEnded,
    terminate: () => {
      state = 'stopping';
      child.kill('SIGTERM');
      setTimeout(kill, patience.stopSeconds * 1_000).unref();
    },
    kill,
  };
};

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromGenerator, GeneratorResult, LiveSecond, ToGenerator } from './messages.ts';

type Job = Omit<Extract<ToGenerator, { type: 'run' }>, 'type'>;

interface Listeners {
  /** The debug run has passed, and the first second begins. */
  onStarted(): void;
  onSecond(second: LiveSecond): void;
}

/** Starts the load in a process of its own. `done` rejects with what the debug run met; `stop` ends it with what it has. */
export const startGenerator = (job: Job, { onStarted, onSecond }: Listeners) => {
  const child = fork(fileURLToPath(new URL('process.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    detached: true, // Ctrl-C is for the main program, which tells it
  });
  const tell = (message: ToGenerator) => child.connected && child.send(message);
  const done = new Promise<GeneratorResult>((resolve, reject) => {
    child.on('message', (message: FromGenerator) => {
      if (message.type === 'started') onStarted();
      else if (message.type === 'second') onSecond(message);
      else if (message.type === 'done') resolve(message);
      else reject(new Error(`The debug run failed: ${message.reason}`));
    });
    child.once('exit', (code) => reject(new Error(`The generator ended with ${code}.`)));
  });
  tell({ type: 'run', ...job });
  return { done, stop: () => tell({ type: 'stop' }), kill: () => child.kill('SIGKILL') };
};

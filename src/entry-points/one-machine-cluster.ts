import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { loadConfigOrExit } from '../infrastructure/lifecycle.ts';

/** One API process per core on one port. A process that dies ends them all, so that a supervisor sees it. */
const runPrimary = (processes: number) => {
  let exitCode = 0;
  let stopping = false;
  const stopAll = (code: number) => {
    if (stopping) return;
    stopping = true;
    exitCode = code;
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
  };
  cluster.on('exit', () => {
    stopAll(1);
    if (Object.keys(cluster.workers ?? {}).length === 0) process.exit(exitCode);
  });
  process.on('SIGTERM', () => stopAll(0));
  process.on('SIGINT', () => stopAll(0));
  for (let index = 0; index < processes; index += 1) cluster.fork();
};

if (cluster.isPrimary) runPrimary(loadConfigOrExit(process.env).processes || availableParallelism());
else await import('./api-server.ts');

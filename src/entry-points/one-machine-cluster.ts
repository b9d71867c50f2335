import { execFile, fork } from 'node:child_process';
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { startControlServer } from '../infrastructure/control-server.ts';
import { loadConfigOrExit } from '../infrastructure/lifecycle.ts';
import { createLogger } from '../infrastructure/logger.ts';
import { createProcessManager, type Role } from '../infrastructure/process-manager.ts';

// Each process accepts for itself. By Node's default the primary accepts and hands over, and what it hands to a process
// that has just been killed hangs for ever: neither answered nor closed.
cluster.schedulingPolicy = cluster.SCHED_NONE;

// API processes share one port through node:cluster; workers share nothing, and a fork of the cluster would share it.
const spawn = (role: Role) => {
  const env = { ...process.env, CLUSTER_ROLE: role };
  if (role === 'api') return cluster.fork(env).process;
  return fork(fileURLToPath(import.meta.url), { env: { ...env, PORT: '0' } });
};

/** New code may need a newer schema. One step of its own, as in every deployment; processes in service never migrate. */
const migrate = (): Promise<boolean> =>
  new Promise((resolve) => {
    const child = fork(fileURLToPath(import.meta.url.replace('one-machine-cluster', 'migrate')));
    child.once('exit', (code) => resolve(code === 0));
  });

/** Tells systemd, where it started us with Type=notify, that we serve; through its own program, which speaks its protocol. */
const notifySystemd = () => {
  if (process.env.NOTIFY_SOCKET) execFile('systemd-notify', ['--ready'], () => {});
};

const runPrimary = (config: Config) => {
  const logger = createLogger({ level: config.logLevel, instance: `primary-${process.pid}` });
  const manager = createProcessManager({
    spawn,
    logger,
    patience: {
      hangSeconds: config.cluster.hangSeconds,
      stopSeconds: config.shutdown.hardStopSeconds + 1,
    },
    prepareReload: migrate,
    onEnd: (exitCode) => process.exit(exitCode),
    onReady: notifySystemd,
  });
  process.on('SIGTERM', manager.stop);
  process.on('SIGINT', manager.stop);
  process.on('SIGHUP', () => void manager.reload());
  process.on('SIGTTIN', () => manager.add('api'));
  process.on('SIGTTOU', () => manager.remove('api'));
  startControlServer(manager, config.cluster.controlPort, logger);
  const { apiProcesses, workerProcesses } = config.cluster;
  for (let index = 0; index < (apiProcesses || availableParallelism()); index += 1) manager.add('api');
  for (let index = 0; index < workerProcesses; index += 1) manager.add('worker');
};

if (process.env.CLUSTER_ROLE === 'api') await import('./api-server.ts');
else if (process.env.CLUSTER_ROLE === 'worker') await import('./job-worker.ts');
else runPrimary(loadConfigOrExit(process.env));

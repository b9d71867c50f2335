import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dieWithParent, findFreePort, isOnPath } from './children.ts';
import { fromDebian, type Program } from './debian.ts';
import { type RunningServer, startServerProcess } from './server.ts';

/** Finds prometheus or promtool, or fetches Debian's. @throws when there is none. */
export const findPrometheus = async (
  program: 'prometheus' | 'promtool',
  log: (line: string) => void,
): Promise<Program> => {
  const found = isOnPath(program)
    ? { path: program, env: process.env }
    : await fromDebian('prometheus', `bin/${program}`, log);
  if (!found)
    throw new Error(`There is no ${program}. Install it, for example by apt-get install prometheus.`);
  return found;
};

/** Starts a Prometheus on a free port of 127.0.0.1 with this configuration, its data in `folder`. */
export const startPrometheus = async (folder: string, configuration: string): Promise<RunningServer> => {
  const program = await findPrometheus('prometheus', () => {});
  mkdirSync(folder, { recursive: true });
  const file = join(resolve(folder), 'prometheus.yml');
  writeFileSync(file, configuration);
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  return startServerProcess({
    name: 'prometheus',
    url,
    port,
    command: [
      ...dieWithParent('TERM'),
      program.path,
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(resolve(folder), 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    env: program.env,
    stopSignal: 'SIGTERM',
    probe: async () => {
      if (!(await fetch(`${url}/-/ready`)).ok) throw new Error('not ready');
    },
  });
};

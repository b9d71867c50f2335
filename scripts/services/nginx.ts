import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dieWithParent, findFreePort, isOnPath } from './children.ts';
import { fromDebian } from './debian.ts';
import { type RunningServer, startServerProcess } from './server.ts';

/** Makes the text of an nginx.conf. */
export type Configuration = (place: { folder: string; port: number; upstreams: readonly number[] }) => string;

interface NginxOptions {
  folder: string;
  /** The API processes' ports on 127.0.0.1. */
  upstreams: readonly number[];
  log(line: string): void;
  /** Other than the plain one. */
  configuration?: Configuration;
}

/** Balances as nginx.conf does, without what containers need: no DNS, no walls. */
const plain: Configuration = ({ folder, port, upstreams }) => `
daemon off;
worker_processes auto;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream api {
    zone api 256k;
    least_conn;
    ${upstreams.map((upstream) => `server 127.0.0.1:${upstream};`).join('\n    ')}
    keepalive 64;
    keepalive_timeout 2s;
  }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000;
    location / {
      proxy_pass http://api;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }
}
`;

/** Starts an nginx on a free port of 127.0.0.1 in front of processes of this machine. @throws when there is none. */
export const startNginx = async (options: NginxOptions): Promise<RunningServer> => {
  const { folder, upstreams, log, configuration = plain } = options;
  mkdirSync(folder, { recursive: true });
  const program = isOnPath('nginx')
    ? { path: 'nginx', env: process.env }
    : await fromDebian('nginx', 'sbin/nginx', log);
  if (!program) throw new Error('There is no nginx. Install it, for example by apt-get install nginx.');
  const port = await findFreePort();
  const file = join(resolve(folder), 'nginx.conf');
  writeFileSync(file, configuration({ folder: resolve(folder), port, upstreams }));
  const url = `http://127.0.0.1:${port}`;
  return startServerProcess({
    name: 'nginx',
    url,
    port,
    command: [...dieWithParent('TERM'), program.path, '-p', resolve(folder), '-c', file, '-e', 'stderr'],
    env: program.env,
    stopSignal: 'SIGTERM',
    probe: async () => {
      await (await fetch(`${url}/livez`)).text();
    },
  });
};

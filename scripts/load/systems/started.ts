import { existsSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { parseEnv } from 'node:util';
import { createRates, type Reading, type Source } from '../vitals/source.ts';
import type { System } from './system.ts';

interface ProcessStatus {
  role: 'api' | 'worker';
  pid: number;
  rssBytes?: number;
  cpuMicros?: number;
  loopDelayMs?: number;
  requests?: number;
}

/** The processes of `npm start`, as its control port tells them. */
const readStatus = (port: string): Source => {
  const rate = createRates();
  return {
    name: `the control port (CONTROL_PORT, ${port})`,
    read: async () => {
      const reply = await fetch(`http://127.0.0.1:${port}/status`, { signal: AbortSignal.timeout(800) });
      const { processes } = (await reply.json()) as { processes: ProcessStatus[] };
      return processes.map(
        ({ role, pid, rssBytes = 0, cpuMicros = 0, loopDelayMs = 0, requests = 0 }): Reading => {
          const used = rate(`${pid} cpu`, cpuMicros);
          return {
            part: { name: `${role}-${pid}`, kind: role, cpuLimitCores: 1, memoryLimitBytes: totalmem() },
            vitals: [
              ['cpu', 'share', used === null ? null : used / 1e6],
              ['memory', 'share', rssBytes / totalmem()],
              ['loop delay', 'seconds', loopDelayMs / 1_000],
              ['requests', 'per second', rate(`${pid} requests`, requests)],
            ],
          };
        },
      );
    },
    close: () => {},
  };
};

/** What runs at a URL of this machine already, such as by `npm start`; who its administrator is comes from there too. */
export const openStartedSystem = (url: string): System => {
  const file = '.multiplex/secrets/multiplex.env';
  const secrets = { ...(existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}), ...process.env };
  const { ADMIN_EMAIL: email = '', ADMIN_PASSWORD: password = '' } = secrets;
  return {
    url,
    admin: { email, password },
    sources: [readStatus(process.env.CONTROL_PORT || '3100')],
    partOf: (servedBy) => servedBy.replace(/^.*-(\d+)$/, 'api-$1'),
    stop: async () => {},
  };
};

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import type { Part } from '../run.ts';
import { createRates, type Reading, type Source } from './source.ts';

interface Process {
  parent: number;
  name: string;
  /** CPU time that it used, in clock ticks. */
  ticks: number;
  /** Resident pages that are its own; shared ones would count again in each of a server's processes. */
  pages: number;
}

/** From /proc/<pid>/stat and statm (proc_pid_stat(5)): the name is in brackets and may hold anything. */
const readProcess = (pid: string): [number, Process][] => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    const fields = stat.slice(end + 2).split(' ');
    const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
    const name = stat.slice(stat.indexOf('(') + 1, end);
    const ticks = Number(fields[11]) + Number(fields[12]);
    return [[Number(pid), { parent: Number(fields[1]), name, ticks, pages: resident - shared }]];
  } catch {
    return []; // it has ended
  }
};

const readAll = () =>
  new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap(readProcess),
  );

const descendsFrom = (processes: Map<number, Process>, pid: number, ancestor: number): boolean => {
  for (let at = processes.get(pid); at; at = processes.get(at.parent))
    if (at.parent === ancestor) return true;
  return false;
};

const SERVERS: [kind: Part['kind'], name: RegExp][] = [
  ['redis', /^(redis|valkey)-server$/],
  ['postgres', /^postgres$/],
  ['nginx', /^nginx$/],
];
const PAGE_BYTES = 4_096;

/** CPU and memory of the servers that this process has started, each with all of its processes; Linux only. */
export const readDescendants = (): Source => {
  const rate = createRates();
  const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const cores = availableParallelism();
  return {
    name: '/proc',
    read: async () => {
      const processes = readAll();
      const ours = [...processes].filter(([pid]) => descendsFrom(processes, pid, process.pid));
      return SERVERS.map(([kind, pattern]): Reading => {
        const own = ours.filter(([, { name }]) => pattern.test(name)).map(([, one]) => one);
        const used = rate(
          kind,
          own.reduce((sum, { ticks }) => sum + ticks, 0),
        );
        const bytes = own.reduce((sum, { pages }) => sum + pages * PAGE_BYTES, 0);
        return {
          part: { name: `${kind}-1`, kind, cpuLimitCores: cores, memoryLimitBytes: totalmem() },
          vitals: [
            ['cpu', 'share', used === null ? null : used / ticksPerSecond / cores],
            ['memory', 'share', bytes / totalmem()],
          ],
        };
      });
    },
    close: () => {},
  };
};

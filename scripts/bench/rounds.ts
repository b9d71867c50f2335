import { cpuMilliseconds, median } from './figures.ts';
import { type LoadJob, runLoad } from './load.ts';

/** One load against one arrangement of processes. */
export interface Run {
  workload: string;
  name: string;
  /** Whose CPU counts. */
  pids: readonly number[];
  job: LoadJob;
}

interface Figures {
  cpu: number[];
  perSecond: number[];
  p50: number[];
  p99: number[];
}

/** Runs each in turn, `rounds` times after one that warms up, so that a drift of the machine's speed meets all alike. */
export const measureRounds = async (runs: readonly Run[], rounds: number): Promise<Map<Run, Figures>> => {
  const figures = new Map<Run, Figures>(
    runs.map((run) => [run, { cpu: [], perSecond: [], p50: [], p99: [] }]),
  );
  for (let round = 0; round <= rounds; round += 1) {
    for (const [{ pids, job }, list] of figures) {
      const before = cpuMilliseconds(pids);
      const result = await runLoad(job);
      job.soldBefore = result.sold;
      if (round === 0) continue;
      list.cpu.push(((cpuMilliseconds(pids) - before) * 1_000) / result.sent);
      list.perSecond.push(result.perSecond);
      list.p50.push(result.p50);
      list.p99.push(result.p99);
    }
    console.log(round === 0 ? 'warm' : `round ${round} of ${rounds}`);
  }
  return figures;
};

/** Prints medians, and the CPU over that of the first run of the same workload. */
export const report = (figures: ReadonlyMap<Run, Figures>): void => {
  const first = (workload: string) => [...figures].find(([run]) => run.workload === workload)?.[1];
  console.log('\nMedians; CPU of the API processes in µs per request, latency in ms');
  console.table(
    [...figures].map(([{ workload, name }, { cpu, perSecond, p50, p99 }]) => ({
      workload,
      name,
      CPU: Math.round(median(cpu) * 10) / 10,
      'over the first': Math.round((median(cpu) / median(first(workload)?.cpu ?? [])) * 100) / 100,
      'requests/s': Math.round(median(perSecond)),
      p50: median(p50),
      p99: median(p99),
    })),
  );
};

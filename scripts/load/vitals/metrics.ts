import { parseSamples, sumOf } from './exposition.ts';
import type { Reading, Source } from './source.ts';
import { createRates } from './source.ts';

/** A process of ours that answers /metrics. */
export interface Endpoint {
  part: Reading['part'];
  url: string;
  /** What nobody else says of it: its CPU and memory, where no container is asked. */
  withUsage?: boolean;
}

const request = async (url: string) => {
  const reply = await fetch(url, { signal: AbortSignal.timeout(800) });
  if (!reply.ok) throw new Error(`${url} answered ${reply.status}`);
  return parseSamples(await reply.text());
};

/** What our processes say of themselves. @param endpoints asked for at each reading, as replicas come and go. */
export const readMetrics = (endpoints: () => Promise<Endpoint[]>): Source => {
  const rate = createRates();

  const readEndpoint = async ({ part, url, withUsage }: Endpoint): Promise<Reading> => {
    const samples = await request(url);
    const now = performance.now();
    const perSecond = (name: string, labels?: string) => {
      const value = sumOf(samples, name, labels);
      return value === null ? null : rate(`${part.name} ${name}`, value, now);
    };
    const cores = sumOf(samples, 'process_cpu_limit_cores');
    const limit = sumOf(samples, 'process_memory_limit_bytes');
    const cpu = perSecond('process_cpu_seconds_total');
    const memory = sumOf(samples, 'process_resident_memory_bytes');
    const jobs = ['waiting', 'prioritized', 'delayed'].map((state) =>
      sumOf(samples, 'jobs_in_queue', `state="${state}"`),
    );
    return {
      part: { ...part, cpuLimitCores: cores, memoryLimitBytes: limit },
      vitals: [
        ...(withUsage
          ? ([
              ['cpu', 'share', cpu === null || !cores ? null : cpu / cores],
              ['memory', 'share', memory === null || !limit ? null : memory / limit],
            ] as const)
          : []),
        ['loop delay', 'seconds', sumOf(samples, 'nodejs_eventloop_lag_p99_seconds')],
        ['garbage collection', 'share', perSecond('nodejs_gc_duration_seconds_sum')],
        ['requests', 'per second', perSecond('http_request_duration_seconds_count')],
        [
          'waiting for a database connection',
          'count',
          sumOf(samples, 'database_connections', 'state="waiting"'),
        ],
        ['limits counted alone', 'per second', perSecond('rate_limit_fallbacks_total')],
        ...(part.kind === 'worker'
          ? ([
              [
                'queue length',
                'count',
                jobs.reduce<number | null>((sum, one) => (one === null ? sum : (sum ?? 0) + one), null),
              ],
            ] as const)
          : []),
      ],
    };
  };

  return {
    name: 'a process’s /metrics',
    read: async () => {
      const readings = await Promise.allSettled((await endpoints()).map(readEndpoint));
      // One that is being replaced has no reading; the others have.
      return readings.flatMap((reading) => (reading.status === 'fulfilled' ? [reading.value] : []));
    },
    close: () => {},
  };
};

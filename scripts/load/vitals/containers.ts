import { availableParallelism, totalmem } from 'node:os';
import { Client } from 'undici';
import type { Part } from '../run.ts';
import { createRates, type Reading, type Source } from './source.ts';

/** A container of the system, as the Docker Engine's API describes it. */
export interface Container {
  id: string;
  /** As Compose numbers them, such as `api-2`. */
  name: string;
  kind: Part['kind'];
  /** Its address in a network that this machine reaches; null where there is none, as on macOS. */
  address: string | null;
  cpuLimitCores: number;
  memoryLimitBytes: number;
}

/** How often it is asked which containers there are. */
const LIST_MS = 2_000;
const APIS = new Set(['api', 'accounts', 'catalog', 'tickets', 'grocery']);

const kindOf = (service: string): Part['kind'] => {
  if (APIS.has(service)) return 'api';
  if (service.endsWith('worker')) return 'worker';
  return (['nginx', 'redis', 'postgres'] as const).find((kind) => kind === service) ?? 'other';
};

/** JavaScript runs on one core, whatever the container may use. */
const coresOf = (
  kind: Part['kind'],
  { NanoCpus = 0, CpuQuota = 0, CpuPeriod = 0 }: Record<string, number>,
) => {
  const quota =
    NanoCpus > 0
      ? NanoCpus / 1e9
      : CpuQuota > 0
        ? CpuQuota / (CpuPeriod || 100_000)
        : Number.POSITIVE_INFINITY;
  return Math.min(quota, kind === 'api' || kind === 'worker' ? 1 : availableParallelism());
};

/** The Engine's socket (docs.docker.com/reference/api/engine); DOCKER_HOST may name another. */
const socketPath = () => (process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').replace(/^unix:\/\//, '');

/** The running containers of a Compose project. */
export const openEngine = (project: string) => {
  const client = new Client('http://docker', { socketPath: socketPath(), pipelining: 1 });
  const known = new Map<string, Container>();
  let listed: { at: number; containers: Promise<Container[]> } | undefined;

  // biome-ignore lint/suspicious/noExplicitAny: each path answers with a shape of its own
  const get = async (path: string): Promise<any> => {
    const { statusCode, body } = await client.request({ method: 'GET', path });
    const answer = await body.json();
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`);
    return answer;
  };

  const inspect = async (id: string, labels: Record<string, string>): Promise<Container> => {
    const service = labels['com.docker.compose.service'] ?? '';
    const { HostConfig, NetworkSettings } = await get(`/containers/${id}/json`);
    const networks: { IPAddress: string }[] = Object.values(NetworkSettings.Networks);
    const kind = kindOf(service);
    return {
      id,
      name: `${service}-${labels['com.docker.compose.container-number'] ?? 1}`,
      kind,
      address: networks.find(({ IPAddress }) => IPAddress)?.IPAddress ?? null,
      cpuLimitCores: coresOf(kind, HostConfig),
      memoryLimitBytes: HostConfig.Memory || totalmem(),
    };
  };

  const list = async (): Promise<Container[]> => {
    const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.compose.project=${project}`] }));
    const found: { Id: string; Labels: Record<string, string> }[] = await get(
      `/containers/json?filters=${filters}`,
    );
    for (const { Id, Labels } of found) if (!known.has(Id)) known.set(Id, await inspect(Id, Labels));
    return found.map(({ Id }) => known.get(Id) as Container);
  };

  return {
    containers: (): Promise<Container[]> => {
      if (!listed || performance.now() - listed.at > LIST_MS)
        listed = { at: performance.now(), containers: list() };
      return listed.containers;
    },
    stats: (id: string) => get(`/containers/${id}/stats?stream=false&one-shot=true`),
    close: () => client.destroy(),
  };
};

export type Engine = ReturnType<typeof openEngine>;

/** CPU, memory and throttling of every container, as shares of what it may use. */
export const readContainers = (engine: Engine): Source => {
  const rate = createRates();
  const readOne = async (container: Container): Promise<Reading> => {
    const { cpu_stats: cpu, memory_stats: memory } = await engine.stats(container.id);
    const now = performance.now();
    const perSecond = (name: string, value = 0) => rate(`${container.id} ${name}`, value, now);
    const used = perSecond('cpu', cpu.cpu_usage.total_usage);
    const periods = perSecond('periods', cpu.throttling_data?.periods);
    const throttled = perSecond('throttled', cpu.throttling_data?.throttled_periods);
    // Pages of files that the kernel can drop at any time are no use of memory: as `docker stats` counts.
    const bytes = memory.usage - (memory.stats?.inactive_file ?? 0);
    const { name, kind, cpuLimitCores, memoryLimitBytes } = container;
    return {
      part: { name, kind, cpuLimitCores, memoryLimitBytes },
      vitals: [
        ['cpu', 'share', used === null ? null : used / 1e9 / cpuLimitCores],
        ['memory', 'share', bytes / memoryLimitBytes],
        ...(periods === null
          ? []
          : ([['throttled', 'share', periods > 0 ? (throttled ?? 0) / periods : 0]] as const)),
      ],
    };
  };
  return {
    name: 'Docker',
    read: async () => {
      const readings = await Promise.allSettled((await engine.containers()).map(readOne));
      return readings.flatMap((reading) => (reading.status === 'fulfilled' ? [reading.value] : []));
    },
    close: engine.close,
  };
};

import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** A file's words, or none where there is no such file. */
const words = (path: string): string[] => {
  try {
    return readFileSync(path, 'utf8').trim().split(/\s+/);
  } catch {
    return [];
  }
};

/**
 * CPU that the control group of this process may use, in cores, such as 0.5; Infinity without a quota. Of version 2
 * `cpu.max` ("50000 100000" or "max 100000", docs.kernel.org/admin-guide/cgroup-v2.html), else of version 1.
 * @param root where the group is mounted, which in a container is this place.
 */
export const cpuQuota = (root = '/sys/fs/cgroup'): number => {
  const [quota, period] = words(`${root}/cpu.max`);
  if (quota !== undefined) return quota === 'max' ? Number.POSITIVE_INFINITY : Number(quota) / Number(period);
  const [old = '-1'] = words(`${root}/cpu/cpu.cfs_quota_us`);
  const [oldPeriod = '100000'] = words(`${root}/cpu/cpu.cfs_period_us`);
  return Number(old) > 0 ? Number(old) / Number(oldPeriod) : Number.POSITIVE_INFINITY;
};

/** What this process may use: its quota, but one core at most, as JavaScript runs on one. */
export const cpuLimitCores = (root?: string): number => Math.min(1, availableParallelism(), cpuQuota(root));

/** The control group's limit in bytes, or the machine's memory; Node reads versions 1 and 2. */
export const memoryLimitBytes = (): number => {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
};

import type { LoadSecond, Part, Unit, Vital } from '../../scripts/load/run.ts';
import type { Random } from './random.ts';
import { HOLD_FROM, normal, type RunOptions } from './runs.ts';

const GIGABYTE = 2 ** 30;

/** Values about `centre`, with a wander of their own and a spike now and then, as real ones have. */
const noisy = (random: Random, centre: (second: number) => number, seconds: number, noise = 0.08) => {
  let drift = 0;
  return Array.from({ length: seconds }, (_, second) => {
    drift = drift * 0.9 + normal(random) * noise * 0.4;
    const spike = random.next() < 0.01 ? 1.3 : 1;
    return Math.max(0, centre(second) * spike * (1 + drift + normal(random) * noise));
  });
};

/** @param severity from 0 to 1 for each second. */
export const plausibleParts = (
  random: Random,
  load: LoadSecond[],
  severity: number[],
  { slowReplica, slowRedis, saturatedGenerator, throttled }: RunOptions,
): Part[] => {
  const seconds = load.length;
  const top = Math.max(...load.map(({ due }) => due));
  const busy = (second: number) => (load[second] as LoadSecond).due / top;
  const vital = (name: string, unit: Unit, centre: (second: number) => number, noise?: number): Vital => {
    const values = noisy(random, centre, seconds, noise);
    return { name, unit, values: unit === 'share' ? values.map((value) => Math.min(1, value)) : values };
  };
  const part = (name: string, kind: Part['kind'], cores: number, vitals: Vital[]): Part => ({
    name,
    kind,
    cpuLimitCores: cores,
    memoryLimitBytes: GIGABYTE / 2,
    vitals,
  });
  const inHold = (second: number) => second >= HOLD_FROM;
  const replicas = ['api-1', 'api-2', 'api-3', 'api-4'].map((name) => {
    const ill = (second: number) => (name === slowReplica ? (severity[second] ?? 0) : 0);
    const isThrottled = (second: number) => name === throttled && inHold(second);
    return part(name, 'api', 1, [
      vital(
        'cpu',
        'share',
        (second) => (ill(second) ? 0.8 + ill(second) * 0.19 : 0.02 + busy(second) * 0.38),
        0.03,
      ),
      vital('memory', 'share', (second) => 0.35 + (second / seconds) * 0.05, 0.01),
      vital('loop delay', 'seconds', (second) => 0.004 + ill(second) * 0.14),
      vital('garbage collection', 'share', (second) => 0.01 + busy(second) * 0.02, 0.3),
      vital('connections', 'count', (second) => 2 + busy(second) * 10, 0.15),
      vital('throttled', 'share', (second) => (isThrottled(second) ? 0.8 : 0), 0.05),
      vital(
        'requests',
        'per second',
        (second) => (load[second] as LoadSecond).due * (ill(second) ? 0.09 : 0.25),
      ),
    ]);
  });
  const cpu = (busiest: number) => vital('cpu', 'share', (second) => 0.01 + busy(second) * busiest);
  const memory = (share: number) => vital('memory', 'share', () => share, 0.005);
  const redisAnswers = (second: number) => (slowRedis && inHold(second) ? 0.052 : 0.0003);
  return [
    ...replicas,
    part('worker', 'worker', 1, [
      cpu(0.1),
      memory(0.3),
      vital('queue length', 'count', (second) => Math.round(busy(second) * 3), 0.5),
    ]),
    part('nginx', 'nginx', 1, [
      cpu(0.18),
      memory(0.06),
      vital('connections', 'count', (second) => 4 + busy(second) * 40, 0.1),
    ]),
    part('redis', 'redis', 1, [
      cpu(0.12),
      memory(0.2),
      vital('answer time', 'seconds', redisAnswers),
      vital('commands', 'per second', (second) => busy(second) * 900),
    ]),
    part('postgres', 'postgres', 2, [
      cpu(0.3),
      memory(0.4),
      vital('answer time', 'seconds', (second) => 0.001 + busy(second) * 0.001),
      vital('transactions', 'per second', (second) => busy(second) * 260),
      vital('active connections', 'count', (second) => busy(second) * 5, 0.3),
    ]),
    part('generator', 'generator', 2, [
      vital(
        'cpu',
        'share',
        (second) => (saturatedGenerator && inHold(second) ? 0.97 : busy(second) * 0.25),
        0.02,
      ),
      memory(0.1),
    ]),
  ];
};

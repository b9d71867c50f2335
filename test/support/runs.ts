import { createLatencies, encodeLatencies, percentile, recordLatency } from '../../scripts/load/latencies.ts';
import type { LoadSecond, Part, Phase, Run } from '../../scripts/load/run.ts';
import { createRandom, type Random } from './random.ts';
import { plausibleParts } from './run-parts.ts';

export interface RunOptions {
  seed?: number;
  id?: string;
  label?: string;
  scenario?: string;
  /** Arrivals per second in the hold. */
  rate?: number;
  /** Of the hold; before it come 5 s of debug and 10 s of ramp. */
  seconds?: number;
  /** All latencies are this many times as long. */
  slower?: number;
  failedShare?: number;
  /** A replica that is out of CPU from the 5th second of the hold on, more in some seconds than in others. */
  slowReplica?: string;
  /** Redis answers late throughout the hold. */
  slowRedis?: boolean;
  saturatedGenerator?: boolean;
  /** A replica whose container is throttled throughout the hold. */
  throttled?: string;
}

export const DEBUG = 5;
export const RAMP = 10;
export const HOLD_FROM = DEBUG + RAMP;
const NAMES = ['GET /v1/accounts/me', 'GET /v1/accounts/logins', 'POST /v1/accounts/login'];

/** Normally distributed about 0 with deviation 1 (Box–Muller). */
export const normal = ({ next }: Random): number =>
  Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

/** From 0 to 1: how hard the fault hits in each second. */
const severities = (random: Random, seconds: number): number[] => {
  let level = 0.5;
  return Array.from({ length: seconds }, (_, second) => {
    level = Math.min(1, Math.max(0.2, level + normal(random) * 0.2));
    return second < HOLD_FROM + 5 ? 0 : level;
  });
};

const phasesOf = (rate: number, seconds: number): Phase[] => [
  { name: 'debug', from: 0, to: DEBUG, rate: 1 },
  { name: 'ramp', from: DEBUG, to: HOLD_FROM, rate },
  { name: 'hold', from: HOLD_FROM, to: HOLD_FROM + seconds, rate },
];

const dueAt = (second: number, rate: number): number =>
  second < DEBUG ? 1 : Math.round(rate * Math.min(1, (second - DEBUG + 1) / RAMP));

/** What one request took, in seconds, and who answered it. */
const sendOne = (random: Random, second: number, severity: number, options: RunOptions) => {
  const { slower = 1, slowReplica, slowRedis, saturatedGenerator } = options;
  const share = random.next();
  const ill = slowReplica !== undefined && share < 0.09 && severity > 0;
  const well = ['api-1', 'api-2', 'api-3', 'api-4'].filter((name) => !ill && name !== slowReplica);
  const servedBy = ill
    ? slowReplica
    : random.pick(severity > 0 || !slowReplica ? well : [...well, slowReplica]);
  const waits = slowRedis && second >= HOLD_FROM ? 0.052 : 0;
  const late = saturatedGenerator && second >= HOLD_FROM ? 0.04 * random.next() : 0;
  const own = Math.exp(normal(random) * 0.45) * 0.008 * slower;
  return { seconds: own + waits + late + (ill ? severity * 0.4 * (0.5 + random.next()) : 0), servedBy };
};

/** A run such as a load test would keep, of a system in which only the faults that are asked for happen. */
export const makeRun = (options: RunOptions = {}): Run => {
  const { seed = 1, rate = 200, seconds = 60, scenario = 'mix', label = 'test', failedShare = 0 } = options;
  const random = createRandom(seed);
  const total = HOLD_FROM + seconds;
  const severity = severities(random, total);
  const kinds = NAMES.map((name) => ({
    name,
    succeeded: 0,
    failed: 0,
    histogram: createLatencies(),
    faults: {} as Record<string, number>,
    servedBy: {} as Record<string, number>,
  }));
  const load = severity.map((level, second): LoadSecond => {
    const due = dueAt(second, rate);
    const histogram = createLatencies();
    let failed = 0;
    for (let sent = 0; sent < due; sent += 1) {
      const kind = random.pick(kinds);
      const { seconds: took, servedBy } = sendOne(random, second, level, options);
      const isFailed = random.next() < failedShare;
      failed += Number(isFailed);
      recordLatency(histogram, took);
      if (second < HOLD_FROM) continue;
      recordLatency(kind.histogram, took);
      kind[isFailed ? 'failed' : 'succeeded'] += 1;
      if (isFailed)
        kind.faults['503 dependency_unavailable'] = (kind.faults['503 dependency_unavailable'] ?? 0) + 1;
      kind.servedBy[servedBy] = (kind.servedBy[servedBy] ?? 0) + 1;
    }
    const [p50, p95, p99, max] = [50, 95, 99, 100].map((share) => percentile(histogram, share)) as number[];
    return { due, succeeded: due - failed, failed, p50, p95, p99, max } as LoadSecond;
  });
  const parts: Part[] = plausibleParts(random, load, severity, options);
  return {
    version: 1,
    id: options.id ?? `2026-01-31T12-00-${String(seed % 60).padStart(2, '0')}Z-${scenario}`,
    label,
    startedAt: '2026-01-31T12:00:00.000Z',
    target: 'http://127.0.0.1:8080',
    scenario,
    rate,
    phases: phasesOf(rate, seconds),
    load,
    requests: kinds.map(({ histogram, ...kind }) => ({ ...kind, latencies: encodeLatencies(histogram) })),
    parts,
    steps: [],
    lateShare: options.saturatedGenerator ? 0.3 : 0.0004,
    interrupted: false,
  };
};

import type { EncodedLatencies } from './latencies.ts';

/** A stretch of a run with one purpose. Seconds count from the start of the run. */
export interface Phase {
  name: 'debug' | 'ramp' | 'hold' | 'step';
  from: number;
  to: number;
  /** Arrivals per second that were intended at its end. */
  rate: number;
}

/** What clients saw in one second, by the time at which their requests were due. Latencies in seconds. */
export interface LoadSecond {
  /** Requests that were due, and those of them that were answered as expected. */
  due: number;
  succeeded: number;
  failed: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** One kind of request, over the measured phases (hold or steps). */
export interface RequestFigures {
  /** As in `GET /v1/accounts/me`. */
  name: string;
  succeeded: number;
  failed: number;
  /** From the moment at which a request was due, so that a stalled server is not asked less: see wrk2. */
  latencies: EncodedLatencies;
  /** What went wrong and how often, such as `503 dependency_unavailable` or `ECONNRESET`. */
  faults: Record<string, number>;
  /** Requests by the `X-Served-By` of their answers. */
  servedBy: Record<string, number>;
}

export type Unit = 'share' | 'seconds' | 'count' | 'per second' | 'bytes';

/** One figure of a part over time: a value for each second of the run, null where there was none. */
export interface Vital {
  /** `cpu` and `memory` are shares of what the part may use, and have red lines. */
  name: string;
  unit: Unit;
  values: (number | null)[];
}

/** A process or container of the system, or the generator. */
export interface Part {
  /** As its container or process is called, such as `api-2`. */
  name: string;
  kind: 'api' | 'worker' | 'nginx' | 'redis' | 'postgres' | 'generator' | 'other';
  /** What it may use, where that is known. */
  cpuLimitCores: number | null;
  memoryLimitBytes: number | null;
  vitals: Vital[];
}

/** One try of `--find-limit`: a rate that was held, and whether the service levels were. */
export interface Step {
  rate: number;
  from: number;
  to: number;
  held: boolean;
}

/** A load test as it is kept: all that a report or a comparison needs, judged by neither. */
export interface Run {
  version: 1;
  /** Time and scenario, such as `2026-01-31T12-00-00Z-mix`; sorts by time. */
  id: string;
  label: string;
  startedAt: string;
  target: string;
  scenario: string;
  /** Arrivals per second in the hold. */
  rate: number;
  phases: Phase[];
  load: LoadSecond[];
  requests: RequestFigures[];
  parts: Part[];
  steps: Step[];
  /** Requests that the generator sent late by more than 5 ms of its own doing, of all. */
  lateShare: number;
  interrupted: boolean;
}

/** The phases that count: not the debug run and not the ramp. */
export const measured = ({ phases }: Pick<Run, 'phases'>): Phase[] =>
  phases.filter(({ name }) => name === 'hold' || name === 'step');

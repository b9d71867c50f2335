import type { LoadSecond, Phase, RequestFigures } from '../run.ts';
import type { Admin } from '../scenarios/people.ts';

export type ToGenerator =
  | { type: 'run'; target: string; scenario: string; phases: readonly Phase[]; admin: Admin }
  | { type: 'stop' };

/** A second as it is known when it is over; requests that are not answered yet are counted in the end. */
export interface LiveSecond {
  second: number;
  load: LoadSecond;
  /** Requests without an answer. */
  inFlight: number;
  /** Of one core. */
  cpuShare: number;
  rssBytes: number;
  /** 99th percentile, in seconds. */
  loopDelay: number;
}

export interface GeneratorResult {
  load: LoadSecond[];
  requests: RequestFigures[];
  /** Arrivals that started more than 5 ms late by the generator's own doing, of all. */
  lateShare: number;
}

export type FromGenerator =
  | { type: 'started' }
  | ({ type: 'second' } & LiveSecond)
  | ({ type: 'done' } & GeneratorResult)
  | { type: 'failed'; reason: string };

import { createLatencies, encodeLatencies, percentile, recordLatency } from '../latencies.ts';
import { type LoadSecond, measured, type Phase, type RequestFigures } from '../run.ts';

/** A request that has come to its end. */
export interface Outcome {
  name: string;
  /** When it was due, in seconds from the start; its latency counts from then. */
  due: number;
  seconds: number;
  /** Undefined when it was answered as expected. */
  fault: string | undefined;
  servedBy: string | undefined;
}

const createSecond = () => ({ due: 0, succeeded: 0, failed: 0, latencies: createLatencies() });
const createKind = () => ({
  succeeded: 0,
  failed: 0,
  latencies: createLatencies(),
  faults: {} as Record<string, number>,
  servedBy: {} as Record<string, number>,
});

const increase = (counts: Record<string, number>, key: string) => {
  counts[key] = (counts[key] ?? 0) + 1;
};

/** Counts what requests came to: by the second in which they were due, and by kind over the measured phases. */
export const createRecorder = (phases: readonly Phase[]) => {
  let unanswered = 0;
  const seconds: ReturnType<typeof createSecond>[] = [];
  const kinds = new Map<string, ReturnType<typeof createKind>>();
  const counting = measured({ phases: [...phases] });
  const counts = (due: number) => counting.some(({ from, to }) => due >= from && due < to);

  const secondOf = (due: number) => {
    const index = Math.floor(due);
    while (seconds.length <= index) seconds.push(createSecond());
    return seconds[index] as ReturnType<typeof createSecond>;
  };
  const recordKind = ({ name, seconds: latency, fault, servedBy }: Outcome) => {
    const kind = kinds.get(name) ?? createKind();
    kinds.set(name, kind);
    kind[fault ? 'failed' : 'succeeded'] += 1;
    recordLatency(kind.latencies, latency);
    if (fault) increase(kind.faults, fault);
    if (servedBy) increase(kind.servedBy, servedBy);
  };

  return {
    sent: (due: number) => {
      unanswered += 1;
      secondOf(due).due += 1;
    },
    ended: (outcome: Outcome) => {
      unanswered -= 1;
      const second = secondOf(outcome.due);
      second[outcome.fault ? 'failed' : 'succeeded'] += 1;
      recordLatency(second.latencies, outcome.seconds);
      if (counts(outcome.due)) recordKind(outcome);
    },
    second: (index: number): LoadSecond => {
      const { latencies, ...numbers } = seconds[index] ?? createSecond();
      const at = (percent: number) => percentile(latencies, percent);
      return { ...numbers, p50: at(50), p95: at(95), p99: at(99), max: at(100) };
    },
    unanswered: () => unanswered,
    length: () => seconds.length,
    requests: (): RequestFigures[] =>
      [...kinds]
        .map(([name, { latencies, ...rest }]) => ({ name, ...rest, latencies: encodeLatencies(latencies) }))
        .sort((a, b) => a.name.localeCompare(b.name)),
  };
};

export type Recorder = ReturnType<typeof createRecorder>;

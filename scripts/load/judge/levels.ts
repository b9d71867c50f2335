import { decodeLatencies, percentile } from '../latencies.ts';
import type { RequestFigures, Run } from '../run.ts';
import { levelOf, type Slo } from './slo.ts';

/** One figure of one request against what the file allows; seconds, or a share for `failedShare`. */
export interface LevelResult {
  request: string;
  figure: 'p95' | 'p99' | 'failedShare';
  /** Null when the run sent no such request. */
  measured: number | null;
  allowed: number;
  met: boolean | null;
}

const FIGURES = ['p95', 'p99', 'failedShare'] as const;

const figuresOf = ({ latencies, failed, succeeded }: RequestFigures) => {
  const histogram = decodeLatencies(latencies);
  const count = failed + succeeded;
  return {
    p95: percentile(histogram, 95),
    p99: percentile(histogram, 99),
    failedShare: count === 0 ? 0 : failed / count,
  };
};

/** Every level of every request that was sent; and those of requests that are named in the file but were not. */
export const judgeLevels = (run: Run, slo: Slo): LevelResult[] => {
  const sent = new Map(
    run.requests
      .filter(({ succeeded, failed }) => succeeded + failed > 0)
      .map((request) => [request.name, figuresOf(request)]),
  );
  const named = Object.keys(slo.levels).filter((name) => name !== '*');
  return [...new Set([...sent.keys(), ...named])].flatMap((request) => {
    const levels = levelOf(slo, request);
    return FIGURES.flatMap((figure): LevelResult[] => {
      const allowed = levels[figure];
      if (allowed === undefined) return [];
      const measured = sent.get(request)?.[figure] ?? null;
      return [{ request, figure, measured, allowed, met: measured === null ? null : measured <= allowed }];
    });
  });
};

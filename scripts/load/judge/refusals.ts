import type { Run } from '../run.ts';
import type { Finding } from './findings.ts';
import { measuredSeconds } from './series.ts';
import { percent } from './words.ts';

const LEAST_FAILED = 0.005;
const LEAST_UNANSWERED = 0.05;

/** The commonest fault of all requests, and how often it came. */
const commonest = (run: Run): [string, number] | undefined => {
  const counts = new Map<string, number>();
  for (const { faults } of run.requests)
    for (const [name, count] of Object.entries(faults)) counts.set(name, (counts.get(name) ?? 0) + count);
  return [...counts].toSorted((a, b) => b[1] - a[1])[0];
};

/** Requests that failed, or that were still unanswered. */
export const findRefusals = (run: Run): Finding[] => {
  const seconds = measuredSeconds(run).map((second) => run.load[second]);
  const sum = (name: 'due' | 'succeeded' | 'failed') =>
    seconds.reduce((total, second) => total + (second?.[name] ?? 0), 0);
  const due = sum('due');
  if (due === 0) return [];
  const failed = sum('failed') / due;
  const unanswered = 1 - (sum('failed') + sum('succeeded')) / due;
  const findings: Finding[] = [];
  const add = (sentence: string) => findings.push({ kind: 'failures', part: '', sentence, weight: 62 });
  const [fault, count] = commonest(run) ?? [];
  const mostly = fault ? `, mostly by ${fault} (${count} times)` : '';
  if (failed >= LEAST_FAILED) add(`${percent(failed)} of the requests failed${mostly}.`);
  if (unanswered >= LEAST_UNANSWERED)
    add(`${percent(unanswered)} of the requests that were due were not answered within the run.`);
  return findings;
};

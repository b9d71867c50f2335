import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { runToEnd } from '../services/children.ts';

export const REFERENCES = 'scripts/bench/references';

export interface LoadJob {
  url: string;
  headers: Record<string, string>;
  connections: number;
  seconds: number;
  /** For a load that buys: the screenings to buy from, their seats, and how many are sold already. */
  screenings?: readonly string[];
  seats?: readonly string[];
  soldBefore?: number;
}

export interface LoadResult {
  sent: number;
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  sold: number;
}

/** Installs the references, which nobody needs who does not measure. */
export const installReferences = async (): Promise<void> => {
  const lock = readFileSync(`${REFERENCES}/package-lock.json`, 'utf8');
  const mark = `${REFERENCES}/node_modules/.installed`;
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  console.log('Installing the references, once …');
  await runToEnd(['npm', 'ci', '--prefix', REFERENCES, '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(mark, lock);
};

/** Runs one load in a process of its own. @throws when any answer was not a success: errors are fast, and no result. */
export const runLoad = async (job: LoadJob): Promise<LoadResult> => {
  const child = spawn(process.execPath, [`${REFERENCES}/load.mjs`], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(job));
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the load of ${job.url} ended with ${code}`);
  const { statuses, errors, ...result } = JSON.parse(output);
  const wanted = job.screenings ? '201' : '200';
  if (errors > 0 || Object.keys(statuses).some((status) => status !== wanted))
    throw new Error(`${job.url} answered ${JSON.stringify(statuses)}, with ${errors} errors`);
  return result;
};

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { runOpenModel } from '../load/generator/open-model.ts';
import { createRecorder } from '../load/generator/recorder.ts';
import { createAgent, createVisitor } from '../load/generator/visitor.ts';
import { decodeLatencies, percentile } from '../load/latencies.ts';
import type { Phase } from '../load/run.ts';
import { fromDebian } from '../services/debian.ts';
import { startTarget } from '../services/target.ts';
import { installReferences, REFERENCES } from './load.ts';

// How exact the load test's generator is, and what it costs: beside autocannon held to the same rates, and beside wrk,
// which asks as fast as it is answered, for what the server can do at all. One run, so that only the ratios count.
const RATES = [200, 1_000, 2_000];
const SECONDS = 5;

interface Figures {
  generator: string;
  'asked for /s': number | string;
  'made /s': number;
  'p50 ms': number;
  'p99 ms': number;
  'its CPU µs a request': number;
}

const round = (value: number, digits = 1) => Number(value.toFixed(digits));

const ours = async (url: string, rate: number): Promise<Figures> => {
  const agent = createAgent();
  const phases: Phase[] = [{ name: 'hold', from: 0, to: SECONDS, rate }];
  const recorder = createRecorder(phases);
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const now = () => (performance.now() - startedAt) / 1_000;
  const model = runOpenModel({
    phases,
    requestsPerVisit: 1,
    recorder,
    now,
    begin: (due) => createVisitor({ agent, target: url, recorder, now, paces: false }, due),
    visit: async (visitor) => void (await visitor.call({ name: 'GET /' })),
    stopped: new AbortController().signal,
  });
  await model.done;
  const { user, system } = process.cpuUsage(before);
  await agent.close();
  const [figures] = recorder.requests();
  if (!figures || figures.failed > 0) throw new Error(`failed: ${JSON.stringify(figures?.faults)}`);
  const latencies = decodeLatencies(figures.latencies);
  return {
    generator: 'npm run load',
    'asked for /s': rate,
    'made /s': round(figures.succeeded / SECONDS),
    'p50 ms': round(percentile(latencies, 50) * 1_000, 2),
    'p99 ms': round(percentile(latencies, 99) * 1_000, 2),
    'its CPU µs a request': Math.round((user + system) / figures.succeeded),
  };
};

/** Another generator's process: what it wrote. @throws when it fails. */
const runOther = async (command: readonly string[], input = '', env = process.env) => {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
  child.stdin.end(input);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return output;
};

const autocannon = async (url: string, rate: number): Promise<Figures> => {
  const command = [process.execPath, `${REFERENCES}/rated.mjs`];
  const output = await runOther(command, JSON.stringify({ url, rate, seconds: SECONDS }));
  const { sent, p50, p99, cpuMicros } = JSON.parse(output);
  return {
    generator: 'autocannon',
    'asked for /s': rate,
    'made /s': round(sent / SECONDS),
    'p50 ms': p50,
    'p99 ms': p99,
    'its CPU µs a request': Math.round(cpuMicros / sent),
  };
};

const wrk = async (url: string): Promise<Figures | undefined> => {
  const found = await fromDebian('wrk', 'bin/wrk', () => {}).catch(() => undefined);
  if (!found) return undefined;
  const output = await runOther(
    [found.path, '-t1', '-c16', `-d${SECONDS}s`, '--latency', url],
    '',
    found.env,
  );
  const figure = (pattern: RegExp) => {
    const [, value = '0', unit = ''] = pattern.exec(output) ?? [];
    return Number(value) * ({ us: 0.001, s: 1_000 }[unit] ?? 1);
  };
  return {
    generator: 'wrk',
    'asked for /s': 'as answered',
    'made /s': figure(/Requests\/sec:\s+([\d.]+)/),
    'p50 ms': round(figure(/50%\s+([\d.]+)(us|ms|s)/), 2),
    'p99 ms': round(figure(/99%\s+([\d.]+)(us|ms|s)/), 2),
    'its CPU µs a request': Number.NaN,
  };
};

await installReferences();
const env = { PATH: process.env.PATH };
const target = await startTarget({ command: [`${REFERENCES}/node-http.mjs`], env, probe: '/' });
try {
  const rows: Figures[] = [];
  await ours(target.url, 1_000); // warm
  for (const rate of RATES) rows.push(await ours(target.url, rate), await autocannon(target.url, rate));
  const most = await wrk(target.url);
  if (most) rows.push(most);
  console.table(rows);
} finally {
  await target.stop();
}

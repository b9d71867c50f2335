import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { after, test } from 'node:test';
import type { KeptRun } from '../../scripts/load/history/store.ts';
import { scenarioNames } from '../../scripts/load/scenarios/index.ts';
import { waitFor } from '../support/wait.ts';

const reports: string[] = [];
after(() => {
  for (const report of reports)
    for (const ending of ['html', 'json']) rmSync(report.replace(/html$/, ending), { force: true });
});

/** No stall of the machine we happen to run on breaks the levels of the first, or holds those of the second. */
const [PATIENT, STRICT] = ['test/load/slo/patient.json', 'test/load/slo/strict.json'];

const label = `test-${process.pid}`;
const SHORT = ['--rate', '30', '--ramp', '2', '--hold', '16', '--label', label];

/** As a person runs it, without the two seconds that npm takes. */
const startLoad = (...args: string[]) => {
  const command = ['--import', 'tsx', 'scripts/load/main.ts', ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  const state = { output: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      state.output += chunk;
    });
  return { child, state, ended: once(child, 'close').then(([code]) => code as number) };
};

const readReport = (output: string): KeptRun => {
  const report = /^Report (.*\.html)$/m.exec(output)?.[1] ?? assert.fail(output);
  reports.push(report);
  assert.ok(existsSync(report));
  return JSON.parse(readFileSync(report.replace(/html$/, 'json'), 'utf8'));
};

test('a short run of every kind of visitor passes, and its report has every part of the system', async () => {
  const { state, ended } = startLoad(...SHORT, '--slo', PATIENT);
  assert.equal(await ended, 0, state.output);
  assert.match(state.output, /^PASS: /m);
  const { run, verdict } = readReport(state.output);
  assert.equal(verdict.outcome, 'pass');
  assert.equal(
    run.requests.reduce((sum, { failed }) => sum + failed, 0),
    0,
  );
  const answered = run.requests.reduce((sum, { succeeded }) => sum + succeeded, 0);
  assert.ok(answered > 30 * 16 * 0.6, `${answered} of about 480`);
  const names = run.parts.map(({ name }) => name).sort();
  assert.deepEqual(names, ['api-1', 'api-2', 'generator', 'nginx-1', 'postgres-1', 'redis-1', 'worker-1']);
  for (const { name, vitals } of run.parts)
    for (const figure of ['cpu', 'memory']) {
      const values = vitals.find((vital) => vital.name === figure)?.values ?? [];
      assert.equal(values.length, run.load.length);
      assert.ok(values.filter((value) => value !== null && value >= 0).length > 5, `${name} ${figure}`);
    }
  const servedBy = new Set(run.requests.flatMap((request) => Object.keys(request.servedBy)));
  assert.deepEqual([...servedBy].sort(), ['api-1', 'api-2']);
});

test('a broken service level ends with 1 and names it, beside the run before', async () => {
  const { state, ended } = startLoad(
    ...SHORT,
    '--label',
    `${label}-strict`,
    '--slo',
    STRICT,
    '--compare',
    label,
  );
  assert.equal(await ended, 1, state.output);
  assert.match(state.output, /^FAIL: .*p99/m);
  readReport(state.output);
  assert.ok(state.output.includes(`\`${label}\``), state.output); // in the sentence, whatever it finds
});

test('Ctrl-C ends the load, and the report is of what there is', async () => {
  const { child, state, ended } = startLoad(...SHORT, '--hold', '120');
  await waitFor('the hold', () => /hold to/.test(state.output), 60_000);
  child.kill('SIGINT');
  assert.equal(await ended, 2, state.output);
  const { run, verdict } = readReport(state.output);
  assert.deepEqual([run.interrupted, verdict.outcome], [true, 'no result']);
});

test('a search for the limit ends with the first step that breaks a service level', async () => {
  const { state, ended } = startLoad(...SHORT, '--find-limit', '--hold', '5', '--slo', STRICT);
  assert.equal(await ended, 1, state.output);
  const { run } = readReport(state.output);
  assert.deepEqual(
    run.steps.map(({ rate, held }) => [rate, held]),
    [[30, false]],
  );
});

test('another host, a scenario that does not exist and a faulty file are refused before anything is started', async () => {
  for (const [args, message] of [
    [['--url', 'http://example.com'], /example\.com is not this machine/],
    [
      ['--scenario', 'minx'],
      new RegExp(`There is no scenario minx; there are ${scenarioNames.join(', ')}\\.`),
    ],
    [['--slo', 'package.json'], /package\.json has faults/],
    [['--compare', 'nobody'], /No run is called nobody/],
    [['--rate', 'many'], /--rate must be a number/],
  ] as const) {
    const { state, ended } = startLoad(...args);
    assert.equal(await ended, 2);
    assert.match(state.output, message);
    assert.doesNotMatch(state.output, /Starting the system/);
  }
});

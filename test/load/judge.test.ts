import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCrossings } from '../../scripts/load/judge/crossings.ts';
import { judge } from '../../scripts/load/judge/judge.ts';
import { readSlo } from '../../scripts/load/judge/slo.ts';
import type { Run, Vital } from '../../scripts/load/run.ts';
import { HOLD_FROM, makeRun, type RunOptions } from '../support/runs.ts';

const slo = readSlo('scripts/load/slo.json');
const judged = (options: RunOptions) => judge(makeRun(options), slo);

test('a replica that is out of CPU is named first, with what it did and what its siblings did', () => {
  for (const slowReplica of ['api-3', 'api-1']) {
    const { outcome, sentences } = judged({ slowReplica });
    assert.equal(outcome, 'fail');
    assert.match(
      sentences[0] ?? '',
      new RegExp(
        `^${slowReplica} behaved unlike its 3 siblings: CPU 9\\d % vs \\d\\d %, loop delay \\d+ ms vs`,
      ),
    );
    assert.match(sentences[0] ?? '', /it answered \d+ % of the requests/);
    assert.match(
      sentences[1] ?? '',
      new RegExp(
        `^${slowReplica} was above 75 % CPU .*0:2\\d to 1:1\\d \\(peak \\d+ %\\), and p99 rose with it`,
      ),
    );
  }
});

test('a slow Redis is named first, with that nothing computes meanwhile', () => {
  const { sentences, crossings } = judged({ slowRedis: true });
  assert.match(
    sentences[0] ?? '',
    /^Redis answered in 5\d ms \(median; 0\.\d+ ms in the quiet seconds before\)/,
  );
  assert.match(sentences[0] ?? '', /no process was near its CPU .*waiting, not computing/);
  assert.deepEqual(crossings, []);
});

test('Redis is named also by those who wait for it, and when it was slow from the beginning', () => {
  const run = makeRun({ slowRedis: true });
  const redis = run.parts.find(({ name }) => name === 'redis');
  const api = run.parts.find(({ name }) => name === 'api-2');
  assert.ok(redis && api);
  redis.vitals = redis.vitals.filter(({ unit }) => unit !== 'seconds');
  api.vitals.push({ name: 'redis round trip', unit: 'seconds', values: run.load.map(() => 0.052) });
  const { findings } = judge(run, slo);
  assert.match(findings[0]?.sentence ?? '', /^Redis answered in 52 ms \(median; a server nearby hardly ever/);
  assert.equal(findings[0]?.part, 'redis');
  assert.equal(findings.length, 1);
});

test('a slow Redis beside a busy replica is not said to be all there is', () => {
  const { sentences } = judged({ slowRedis: true, slowReplica: 'api-2' });
  assert.match(sentences[0] ?? '', /^Redis answered/);
  assert.doesNotMatch(sentences[0] ?? '', /no process was near/);
  assert.match(sentences[1] ?? '', /^api-2/);
});

test('a saturated generator makes a run no result', () => {
  const { outcome, reasons, sentences, crossings } = judged({ saturatedGenerator: true });
  assert.deepEqual([outcome, reasons], ['no result', ['the generator was saturated']]);
  assert.match(sentences[0] ?? '', /^The generator was saturated: .*30 % of the requests late.*no result/);
  const late = (share: number) => ({ ...slo, redLines: { ...slo.redLines, late: share } });
  const run = { ...makeRun(), lateShare: 0.3 };
  assert.deepEqual(
    [0.2, 0.4].map((share) => judge(run, late(share)).outcome),
    ['no result', 'pass'],
  );
  assert.deepEqual([...new Set(crossings.map(({ part }) => part))], ['generator']);
});

test('a throttled container and failing requests are named', () => {
  assert.match(
    judged({ throttled: 'api-2' }).sentences[0] ?? '',
    /^api-2 had its CPU throttled in (7|8)\d % of periods/,
  );
  const { sentences, reasons, outcome } = judged({ failedShare: 0.03 });
  assert.match(
    sentences[0] ?? '',
    /% of the requests failed, mostly by 503 dependency_unavailable \(\d+ times\)/,
  );
  assert.equal(outcome, 'fail');
  assert.match(reasons[0] ?? '', /failed .* % \(allowed 0\.1 %\)/);
});

test('noise is no finding: of 60 runs without a fault, long and short, none has one', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const options = { seed, seconds: seed % 2 ? 20 : 60, rate: seed % 3 ? 60 : 15 };
    const { findings, sentences } = judged(options);
    assert.deepEqual(findings, [], JSON.stringify(options));
    assert.match(sentences[0] ?? '', /^(Nothing came near a red|No red) line.*; latency followed nothing/);
  }
  assert.equal(judged({}).outcome, 'pass');
});

test('latency that grew without anything to explain it is told, and is no finding', () => {
  const run = makeRun();
  for (const figures of run.load.slice(HOLD_FROM)) figures.p99 += 0.4;
  const { findings, sentences } = judge(run, slo);
  assert.deepEqual(findings, []);
  assert.match(sentences[0] ?? '', /followed nothing that was watched.*p99 rose from \d+ ms .* to 4\d\d ms/);
  assert.doesNotMatch(judged({}).sentences[0] ?? '', /p99 rose/);
});

/** A run in which one vital of one part is what the test says; elsewhere 0.4. */
const withVital = (part: string, name: string, change: (values: Vital['values']) => void): Run => {
  const run = makeRun({ rate: 20 });
  const vital = run.parts.find((one) => one.name === part)?.vitals.find((one) => one.name === name);
  assert.ok(vital);
  vital.values = vital.values.map(() => 0.4);
  change(vital.values);
  return run;
};

test('a red line is crossed by three seconds in a row above it, and not by two, by a gap, or in the ramp', () => {
  const run = withVital('nginx', 'cpu', (values) => {
    values.fill(0.9, HOLD_FROM - 5, HOLD_FROM + 2); // two of them are measured
    values.fill(0.9, 20, 22);
    values.fill(0.75, 25, 30); // on the line
    values.fill(0.8, 32, 35);
    values[33] = 0.95;
    values.fill(0.9, 40, 45);
    values[42] = null;
    values.fill(0.76, 70, 75);
  });
  assert.deepEqual(findCrossings(run, slo), [
    { part: 'nginx', vital: 'cpu', from: 32, to: 35, line: 0.75, peak: 0.95 },
    { part: 'nginx', vital: 'cpu', from: 70, to: 75, line: 0.75, peak: 0.76 },
  ]);
});

test('memory has a line of its own, and a file may move both', () => {
  const run = withVital('postgres', 'memory', (values) => values.fill(0.84, 30, 40));
  assert.deepEqual(findCrossings(run, slo), []);
  const [crossing] = findCrossings(run, { ...slo, redLines: { ...slo.redLines, memory: 0.8 } });
  assert.deepEqual(crossing, { part: 'postgres', vital: 'memory', from: 30, to: 40, line: 0.8, peak: 0.84 });
  assert.equal(judge(run, { ...slo, redLines: { ...slo.redLines, memory: 0.8 } }).outcome, 'fail');
});

test('a vital that rises and falls with p99 is told as a correlation, and only the closest of its name', () => {
  const run = makeRun({ rate: 20 });
  for (const [second, figures] of run.load.entries()) figures.p99 = 0.05 + (second % 13) * 0.02;
  const queue = run.parts
    .find(({ name }) => name === 'worker')
    ?.vitals.find(({ name }) => /queue/.test(name));
  assert.ok(queue);
  queue.values = queue.values.map((_, second) => 10 + (second % 13) * 9);
  const { sentences } = judge(run, slo);
  assert.match(
    sentences[0] ?? '',
    /^worker: queue length rose and fell with p99 \(r = 1\.00; it ranged from/,
  );
  assert.match(sentences[0] ?? '', /no proof of a cause/);
  assert.equal(sentences.length, 1);
});

test('a run that was interrupted is no result; one in steps passes by the rate that it held', () => {
  assert.equal(judge({ ...makeRun({ rate: 20 }), interrupted: true }, slo).outcome, 'no result');
  const steps = [
    { rate: 100, from: 15, to: 45, held: true },
    { rate: 200, from: 45, to: 75, held: false },
  ];
  const { outcome, reasons } = judge({ ...makeRun({ rate: 20 }), steps }, slo);
  assert.deepEqual(
    [outcome, reasons],
    ['pass', ['service levels were held up to 100 per second, and not at 200']],
  );
});

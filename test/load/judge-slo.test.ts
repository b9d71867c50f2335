import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../../scripts/load/judge/judge.ts';
import { levelOf, parseSlo, readSlo } from '../../scripts/load/judge/slo.ts';
import { makeRun } from '../support/runs.ts';

test('every fault of a file is told, with its place', () => {
  const text = JSON.stringify({
    levels: {
      '*': { p95: -1, p99: 'fast' },
      'GET /': { p95: 2, p99: 1 },
      'GET /a': { p90: 1, failedShare: 2 },
    },
    redLines: { cpu: 75 },
    redlines: {},
  });
  assert.throws(
    () => parseSlo(text, 'my-slo.json'),
    ({ message }: Error) => {
      assert.match(message, /^my-slo\.json has faults:/);
      for (const place of [
        '* → p95',
        '* → p99',
        'GET / ',
        'GET /a',
        'failedShare',
        'redLines → cpu',
        'redlines',
      ])
        assert.ok(message.includes(place.trim()), `${place} in ${message}`);
      return true;
    },
  );
  assert.throws(() => parseSlo('{', 'my-slo.json'), /^Error: my-slo\.json is no JSON/);
  assert.throws(() => readSlo('none.json'), /none\.json/);
});

test('red lines are at 75 % CPU, 85 % memory and 1 % sent late unless the file moves them', () => {
  assert.deepEqual(parseSlo('{}', 'x').redLines, { cpu: 0.75, memory: 0.85, late: 0.01 });
  assert.deepEqual(parseSlo('{"redLines":{"cpu":0.5}}', 'x').redLines, {
    cpu: 0.5,
    memory: 0.85,
    late: 0.01,
  });
});

test('a request has the levels of its name, and those of * where it has none', () => {
  const slo = parseSlo('{"levels":{"*":{"p95":1,"failedShare":0.1},"GET /a":{"p95":2}}}', 'x');
  assert.deepEqual(levelOf(slo, 'GET /a'), { p95: 2, failedShare: 0.1 });
  assert.deepEqual(levelOf(slo, 'GET /b'), { p95: 1, failedShare: 0.1 });
});

test('levels are compared with what was measured; a request that was not sent is neither met nor broken', () => {
  const slo = parseSlo(
    '{"levels":{"*":{"p99":1},"GET /v1/accounts/me":{"p95":0.001},"GET /none":{"p95":1}}}',
    'x',
  );
  const { levels, outcome, reasons } = judge(makeRun(), slo);
  const of = (request: string, figure: string) =>
    levels.find((level) => level.request === request && level.figure === figure);
  assert.equal(of('GET /v1/accounts/me', 'p95')?.met, false);
  assert.equal(of('GET /v1/accounts/me', 'p99')?.met, true);
  assert.deepEqual(of('GET /none', 'p95'), {
    request: 'GET /none',
    figure: 'p95',
    measured: null,
    allowed: 1,
    met: null,
  });
  assert.equal(outcome, 'fail');
  assert.match(reasons[0] ?? '', /^GET \/v1\/accounts\/me: p95 \d+ ms \(allowed 1 ms\)$/);
});

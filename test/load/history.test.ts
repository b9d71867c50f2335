import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { compare } from '../../scripts/load/history/compare.ts';
import { createStore } from '../../scripts/load/history/store.ts';
import { judge } from '../../scripts/load/judge/judge.ts';
import { parseSlo } from '../../scripts/load/judge/slo.ts';
import { makeRun, type RunOptions } from '../support/runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'multiplex-runs-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const verdict = judge(makeRun(), parseSlo('{}', 'x'));

test('runs are kept, listed by time, and found by label, by the beginning of an id, and as latest', () => {
  const warnings: string[] = [];
  const store = createStore(join(folder, 'runs'), (line) => warnings.push(line));
  assert.deepEqual(store.list(), []);
  assert.throws(() => store.find('latest'), /No run is called latest/);
  const runs = [
    makeRun({ id: '2026-01-31T12-00-00Z-mix', label: 'baseline' }),
    makeRun({ id: '2026-02-01T12-00-00Z-mix', label: 'change' }),
    makeRun({ id: '2026-01-30T12-00-00Z-mix', label: 'baseline' }),
  ];
  for (const run of runs) store.keep({ run, verdict });
  const ids = (wanted: string) => store.find(wanted).map(({ run }) => run.id.slice(5, 10));
  assert.deepEqual(
    store.list().map(({ run }) => run.id.slice(5, 10)),
    ['01-30', '01-31', '02-01'],
  );
  assert.deepEqual(store.list()[1], { run: runs[0], verdict });
  assert.deepEqual(
    [ids('latest'), ids('baseline'), ids('2026-01-30')],
    [['02-01'], ['01-30', '01-31'], ['01-30']],
  );
  assert.throws(() => store.find('2026-01'), /begins the ids of 2 runs: 2026-01-30.*2026-01-31/);
  assert.throws(() => store.find('none'), /No run is called none.*baseline, change/);
  assert.throws(() => store.keep({ run: makeRun({ id: '../out' }), verdict }), /cannot be the id/);
  writeFileSync(join(store.folder, 'half.json'), '{"run":');
  assert.equal(store.list().length, 3);
  assert.match(warnings.at(-1) ?? '', /half\.json is no run/);
});

const repeats = (label: string, options: RunOptions, count = 3, from = 1) =>
  Array.from({ length: count }, (_, index) => makeRun({ ...options, label, seed: from + index }));
const verdicts = (these: RunOptions, count: number, from = 100) => {
  const { figures } = compare(repeats('change', these, count, from), repeats('baseline', {}, count));
  return Object.fromEntries(figures.map(({ figure, verdict }) => [figure, verdict]));
};

for (const count of [1, 3])
  test(`a difference of 20 % is found and one of 2 % is not, over ${count === 1 ? 'blocks' : 'repeats'}`, () => {
    const slower = verdicts({ slower: 1.2 }, count);
    assert.deepEqual([slower.p50, slower.p95, slower.p99], ['worse', 'worse', 'worse']);
    assert.deepEqual(
      [slower['failed share'], slower.throughput, slower['CPU per request']],
      Array(3).fill('no difference shown'),
    );
    assert.equal(verdicts({ slower: 0.8 }, count).p99, 'better');
    for (const from of [100, 200, 300])
      for (const [figure, shown] of Object.entries(verdicts({ slower: 1.02 }, count, from)))
        assert.equal(shown, 'no difference shown', `${figure} from ${from}`);
  });

test('it says what got worse, how sure that is, and by what it knows', () => {
  const these = repeats('change', { slower: 2, failedShare: 0.02 }, 3, 10);
  const those = repeats('baseline', {});
  const comparison = compare(these, those);
  assert.match(
    comparison.sentence,
    /^Compared with `baseline` \(95 %\), p50 is .*p99 [12]\.\d–2\.\d times as long.*\(worse\)/,
  );
  assert.match(comparison.sentence, /failed share \d+–\d+ times as high/);
  assert.match(comparison.sentence, /no difference is shown in .*CPU per request\.$/);
  assert.match(comparison.method, /bootstrap over 3 and 3 runs/);
  assert.deepEqual(compare(these, those), comparison, 'the same runs give the same answer');
  assert.match(compare(these.slice(1), those).method, /blocks of 5 seconds within 2 and 3 runs/);
  const back = compare(those, these);
  assert.match(
    back.sentence,
    /^Compared with `change` \(95 %\), p50 is .*p99 (\d\d–)?5\d % shorter.*\(better\)/,
  );
  assert.match(
    compare(those.slice(0, 1), repeats('b', {}, 1, 7)).sentence,
    /^No difference from `b` is shown/,
  );
});

test('CPU per request is compared where limits are known, and left out where not', () => {
  const unknown = makeRun();
  for (const part of unknown.parts) part.cpuLimitCores = null;
  const names = compare([unknown], [makeRun()]).figures.map(({ figure }) => figure);
  assert.deepEqual(names, ['p50', 'p95', 'p99', 'failed share', 'throughput']);
  const busy = makeRun();
  for (const vital of busy.parts.flatMap(({ vitals }) => vitals.filter(({ name }) => name === 'cpu')))
    vital.values = vital.values.map((value) => (value ?? 0) * 1.3);
  const figure = compare([busy], [makeRun()]).figures.find(({ figure }) => figure === 'CPU per request');
  assert.equal(figure?.verdict, 'worse');
  assert.ok(Math.abs(figure.ratio - 1.3) < 0.01, String(figure.ratio));
});

test('runs of different scenarios or rates are refused, and so are none', () => {
  const run = makeRun({ rate: 20 });
  assert.throws(() => compare([run], [makeRun({ rate: 30 })]), /different rates.*20 .*30 /);
  assert.throws(
    () => compare([run], [makeRun({ rate: 20, scenario: 'reads' })]),
    /different scenarios.*mix .*reads /,
  );
  assert.throws(() => compare([], [run]), /no runs/);
  assert.throws(() => compare([makeRun({ seconds: 9 })], [makeRun()]), /too short/);
});

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { compare } from '../../scripts/load/history/compare.ts';
import { judge } from '../../scripts/load/judge/judge.ts';
import { readSlo } from '../../scripts/load/judge/slo.ts';
import { chartPage } from '../../scripts/load/report/charts.ts';
import { renderReport, writeReport } from '../../scripts/load/report/report.ts';
import { createLiveDisplay, type Latest, liveView, lookOf } from '../../scripts/load/report/terminal.ts';
import { makeRun } from '../support/runs.ts';

const slo = readSlo('scripts/load/slo.json');
const folder = mkdtempSync(join(tmpdir(), 'multiplex-report-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const VOID = ['meta', 'input', 'br', '!doctype'];

/** Elements that are closed in another order than they were opened, or never. */
const unbalanced = (html: string): string[] => {
  const open: string[] = [];
  const faults: string[] = [];
  const markup = html.replaceAll(/<(script|style)([^>]*)>[\s\S]*?<\/\1>/g, '<$1$2></$1>');
  for (const [, slash, name = ''] of markup.matchAll(/<(\/?)([!a-z][a-z0-9]*)[^>]*>/gi)) {
    if (VOID.includes(name.toLowerCase())) continue;
    if (!slash) open.push(name);
    else if (open.pop() !== name) faults.push(name);
  }
  return [...faults, ...open];
};

test('a report is one well-formed page that refers to nothing outside, with the run beside it', async () => {
  const run = makeRun({ slowReplica: 'api-3', label: 'change' });
  const verdict = judge(run, slo);
  const { html, json } = await writeReport(run, verdict, compare([run], [makeRun({ label: 'b' })]), folder);
  const page = readFileSync(html, 'utf8');
  assert.deepEqual(unbalanced(page), []);
  assert.doesNotMatch(page, /(?:src|href)\s*=\s*["']?(?:https?:)?\/\//i);
  assert.doesNotMatch(page, /<link|@import|url\(/);
  for (const text of ['Failed', 'api-3 behaved unlike its 3 siblings', 'Compared with b', '✕', 'PostgreSQL'])
    assert.ok(page.includes(text), text);
  assert.deepEqual(JSON.parse(readFileSync(json, 'utf8')), { run, verdict });
});

test('whatever a run contains stays text', async () => {
  const evil = '</script><img src=x onerror=alert(1)>';
  const run = makeRun({ label: evil, rate: 20 });
  for (const request of run.requests) request.name = evil;
  for (const part of run.parts) part.name = evil;
  const page = await renderReport(run, judge(run, slo), compare([run], [run]));
  assert.doesNotMatch(page, /<img/);
  const data = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '';
  assert.equal(JSON.parse(data).charts[2].series[0].label, evil);
  assert.deepEqual(unbalanced(page), []);
});

test('charts are of one time axis, and every vital is in one, parts in their own colour', () => {
  const run = makeRun({ slowReplica: 'api-3' });
  const { charts, zero, seconds, crossings } = chartPage(run, judge(run, slo));
  const titles = charts.map(({ title }) => title);
  assert.deepEqual(titles.slice(0, 6), [
    'Requests per second',
    'Latency',
    'CPU',
    'Memory',
    'Event loop delay',
    'Garbage collection',
  ]);
  for (const title of ['Connections', 'Queue', 'Redis: time', 'PostgreSQL: time'])
    assert.ok(titles.includes(title), title);
  const lines = charts.slice(2).flatMap(({ series }) => series);
  assert.deepEqual(zero, ['CPU throttling']);
  const drawn = run.parts.flatMap(({ vitals }) => vitals).filter(({ name }) => name !== 'throttled');
  assert.equal(lines.length, drawn.length);
  assert.ok(lines.every(({ values }) => values.length === seconds.length));
  const looks = new Map(charts[2]?.series.map((line) => [line.label, `${line.colour} ${line.dashed}`]));
  assert.equal(new Set(looks.values()).size, run.parts.length, 'no two parts look the same');
  for (const { label, colour, dashed } of charts[3]?.series ?? [])
    assert.equal(looks.get(label), `${colour} ${dashed}`);
  assert.deepEqual(
    [charts[2]?.line?.value, charts[3]?.line?.value, charts[1]?.logarithmic],
    [0.75, 0.85, true],
  );
  assert.deepEqual([charts[2]?.crossings.length, charts[3]?.crossings.length], [crossings.length, 0]);
});

const latest: Latest = {
  second: 65,
  phase: { name: 'hold', to: 75 },
  load: { due: 200, succeeded: 196, failed: 4, p50: 0.008, p95: 0.1, p99: 0.25, max: 0.3 },
  inFlight: 12,
  parts: [
    { name: 'api-1', cpu: 0.4, memory: 0.35 },
    { name: 'api-3', cpu: 0.98, memory: 0.9 },
    { name: 'redis', cpu: null, memory: null },
  ],
  redLines: slo.redLines,
};

test('the live view shows the second, and a line for each part with what is above a red line marked', () => {
  for (const columns of [40, 80, 200]) {
    const view = liveView(latest, { terminal: true, colour: false, columns });
    const [when, figures, ...parts] = view.split('\n');
    assert.equal(when, '1:05 hold to 1:15');
    assert.equal(figures, 'due 200/s  ok 196/s  failed 4!  p50 8 ms  p99 250 ms  in flight 12');
    assert.match(parts[0] ?? '', /^api-1 cpu █+░+ {2}40 % {2}mem █+░+ {2}35 % $/);
    assert.match(parts[1] ?? '', /^api-3 cpu █+░* {2}98 %! mem █+░* {2}90 %!$/);
    assert.match(parts[2] ?? '', /^redis cpu ·+ +\? +mem ·+ +\?/);
    assert.ok(columns < 80 || parts.every((line) => line.length <= columns), view);
  }
});

test('colour is only for terminals without NO_COLOR, and what is no terminal gets plain lines', () => {
  const coloured = liveView(latest, lookOf({ isTTY: true, columns: 80 }, {}));
  const plain = liveView(latest, lookOf({ isTTY: true, columns: 80 }, { NO_COLOR: '1' }));
  assert.notEqual(coloured, plain);
  assert.equal(stripVTControlCharacters(coloured), plain);
  assert.equal(
    liveView(latest, lookOf({}, {})),
    '1:05 hold to 1:15, due 200/s, ok 196/s, failed 4, p50 8 ms, p99 250 ms, in flight 12, api-3 cpu 98 %!, api-3 memory 90 %!',
  );
});

test('a terminal shows each second in the place of the one before', () => {
  const stream = new PassThrough({ encoding: 'utf8' });
  const show = createLiveDisplay(stream, { terminal: true, colour: false, columns: 50 });
  show(latest);
  const first = stream.read();
  show(latest);
  // Five lines, of which that of the figures takes two when there are only 50 columns.
  assert.equal(stream.read(), `\u001b[6A\u001b[0J${first}`);
});

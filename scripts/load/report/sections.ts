import { max, mean } from 'simple-statistics';
import type { LevelResult, Verdict } from '../judge/judge.ts';
import { measuredSeconds, valuesIn, vitalOf } from '../judge/series.ts';
import { clock, duration, percent } from '../judge/words.ts';
import { decodeLatencies, percentile } from '../latencies.ts';
import type { Part, Run } from '../run.ts';
import { escapeHtml, mark, table } from './html.ts';

const OUTCOMES = {
  pass: ['good', 'Passed'],
  fail: ['bad', 'Failed'],
  'no result': ['neutral', 'No result'],
} as const;

export const verdictSection = ({ outcome, reasons, sentences }: Verdict): string => {
  const [state, word] = OUTCOMES[outcome];
  const list = (items: readonly string[]) => items.map((item) => `<li>${escapeHtml(item)}</li>`).join('');
  return `<section class="verdict ${state}" aria-labelledby="verdict">
<h2 id="verdict">${mark(state, word)}</h2>
<ul class="reasons">${list(reasons)}</ul>
</section>
<section aria-labelledby="limits">
<h2 id="limits">What limited the system</h2>
<ol class="sentences">${list(sentences)}</ol>
<p class="note">Correlations (r, Spearman's, over the measured seconds) say what went together, not what caused what.</p>
</section>`;
};

export const factsSection = (run: Run): string => {
  const seconds = measuredSeconds(run);
  const facts = {
    Scenario: run.scenario,
    Label: run.label,
    Rate: `${run.rate} requests per second`,
    Measured: `${clock(seconds.length)} of ${clock(run.load.length)} minutes`,
    Target: run.target,
    Started: `${run.startedAt.slice(0, 19).replace('T', ' ')} UTC`,
    'Sent late': `${percent(run.lateShare)} of the requests`,
  };
  const entries = Object.entries(facts).map(
    ([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return `<dl class="facts">${entries.join('')}</dl>`;
};

const levelRow = ({ request, figure, measured, allowed, met }: LevelResult): string[] => {
  const write = figure === 'failedShare' ? percent : duration;
  const state =
    met === null ? mark('neutral', 'not sent') : met ? mark('good', 'met') : mark('bad', 'broken');
  const name = figure === 'failedShare' ? 'failed' : figure;
  return [escapeHtml(request), name, measured === null ? '–' : write(measured), write(allowed), state];
};

export const levelsTable = ({ levels }: Verdict): string =>
  table(
    'Service levels',
    [
      { heading: 'Request' },
      { heading: 'Figure' },
      { heading: 'Measured', figure: true },
      { heading: 'Allowed', figure: true },
      { heading: 'Level' },
    ],
    levels.map(levelRow),
  );

export const requestsTable = (run: Run): string => {
  const rows = run.requests.map(({ name, succeeded, failed, latencies }) => {
    const histogram = decodeLatencies(latencies);
    const count = succeeded + failed;
    const times = [50, 95, 99, 100].map((share) => duration(percentile(histogram, share)));
    const share = failed === 0 ? '0' : `${failed} (${percent(failed / count)})`;
    return [escapeHtml(name), String(count), share, ...times];
  });
  const figures = ['Count', 'Failed', 'p50', 'p95', 'p99', 'Max'].map((heading) => ({
    heading,
    figure: true,
  }));
  return table('Requests, in the measured phases', [{ heading: 'Request' }, ...figures], rows);
};

const partRow = (run: Run, verdict: Verdict, part: Part): string[] => {
  const seconds = measuredSeconds(run);
  const values = (name: string) => valuesIn(vitalOf(part, name)?.values ?? [], seconds);
  const written = (found: number[], figure: (values: number[]) => number) =>
    found.length === 0 ? '–' : percent(figure(found));
  const above = verdict.crossings
    .filter((crossing) => crossing.part === part.name)
    .reduce((sum, { from, to }) => sum + to - from, 0);
  const [cpu, memory] = [values('cpu'), values('memory')];
  const red = above === 0 ? mark('good', 'none') : mark('bad', `${above} s above`);
  const cores = part.cpuLimitCores === null ? '–' : String(part.cpuLimitCores);
  return [escapeHtml(part.name), cores, written(cpu, mean), written(cpu, max), written(memory, max), red];
};

export const partsTable = (run: Run, verdict: Verdict): string =>
  table(
    'Parts, in the measured phases',
    [
      { heading: 'Part' },
      { heading: 'Cores', figure: true },
      { heading: 'CPU mean', figure: true },
      { heading: 'CPU peak', figure: true },
      { heading: 'Memory peak', figure: true },
      { heading: 'Red lines' },
    ],
    run.parts.map((part) => partRow(run, verdict, part)),
  );

export const stepsTable = ({ steps }: Run): string =>
  steps.length === 0
    ? ''
    : table(
        'Rates that were tried',
        [{ heading: 'Requests per second' }, { heading: 'When' }, { heading: 'Service levels' }],
        steps.map(({ rate, from, to, held }) => [
          String(rate),
          `${clock(from)}–${clock(to)}`,
          held ? mark('good', 'held') : mark('bad', 'broken'),
        ]),
      );

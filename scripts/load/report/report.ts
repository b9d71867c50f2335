import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Comparison } from '../history/compare.ts';
import { createStore, RUNS } from '../history/store.ts';
import type { Verdict } from '../judge/judge.ts';
import type { Run } from '../run.ts';
import { bundleScript, bundleStyle } from './bundle.ts';
import { chartPage } from './charts.ts';
import { comparisonSection } from './comparison.ts';
import { escapeHtml, jsonForScript } from './html.ts';
import {
  factsSection,
  levelsTable,
  partsTable,
  requestsTable,
  stepsTable,
  verdictSection,
} from './sections.ts';

/** Nothing is fetched from anywhere, whatever the data says. */
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";

/** The report as one page that needs no network. */
export const renderReport = async (run: Run, verdict: Verdict, comparison?: Comparison): Promise<string> => {
  const charts = chartPage(run, verdict);
  const zero =
    charts.zero.length > 0
      ? `<p class="note">Zero throughout: ${escapeHtml(charts.zero.join(', '))}.</p>`
      : '';
  const title = escapeHtml(`Load test: ${run.scenario}, ${run.label}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>
${bundleStyle()}
</style>
</head>
<body>
<header><h1>${title}</h1>${factsSection(run)}</header>
<main>
${verdictSection(verdict)}
${comparison ? comparisonSection(comparison) : ''}
<section aria-labelledby="tables"><h2 id="tables">Figures</h2>
${stepsTable(run)}
${levelsTable(verdict)}
${requestsTable(run)}
${partsTable(run, verdict)}
</section>
<section aria-labelledby="charts"><h2 id="charts">Over time</h2>
<p class="note">Shaded seconds were not measured (debug run and ramp). A bar above a chart shows when a part was above a red line. Thick lines are of parts that are named above.</p>
<div class="second"><label for="second">Second</label><input type="range" id="second" min="0" max="${Math.max(0, run.load.length - 1)}" value="0"><output for="second"></output></div>
<div id="plots"></div>
${zero}
<noscript><p>The charts need JavaScript.</p></noscript>
</section>
</main>
<script type="application/json" id="data">${jsonForScript(charts)}</script>
<script>${await bundleScript()}</script>
</body>
</html>
`;
};

/**
 * Keeps a run with its verdict as `<id>.json`, and writes its report beside it as `<id>.html`.
 * @returns the paths of both.
 */
export const writeReport = async (
  run: Run,
  verdict: Verdict,
  comparison?: Comparison,
  folder = RUNS,
): Promise<{ html: string; json: string }> => {
  const json = createStore(folder).keep({ run, verdict });
  const html = join(folder, `${run.id}.html`);
  writeFileSync(html, await renderReport(run, verdict, comparison));
  return { html, json };
};

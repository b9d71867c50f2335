import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { compare } from '../../scripts/load/history/compare.ts';
import { judge } from '../../scripts/load/judge/judge.ts';
import { readSlo } from '../../scripts/load/judge/slo.ts';
import { writeReport } from '../../scripts/load/report/report.ts';
import { startChromium } from '../../scripts/services/chromium.ts';
import { seriousFaults } from '../support/axe.ts';
import { makeRun } from '../support/runs.ts';

/** To be looked at; each run writes them anew. */
const SCREENSHOTS = '.multiplex/screenshots';
const folder = mkdtempSync(join(tmpdir(), 'multiplex-report-'));
let browser: Browser;
let html: string;
before(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const slow = makeRun({ slowReplica: 'api-3', label: 'change', id: 'slow-mix' });
  const comparison = compare([slow], [makeRun({ seed: 2, label: 'baseline' })]);
  ({ html } = await writeReport(slow, judge(slow, readSlo('scripts/load/slo.json')), comparison, folder));
  browser = await startChromium(() => {});
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const openReport = async (width: number, colorScheme: 'light' | 'dark') => {
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
  const page = await context.newPage();
  const faults: string[] = [];
  const asked: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => faults.push(message.text()));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(html).href);
  await page.locator('[data-drawn]').waitFor({ state: 'attached' });
  return { page, faults, asked };
};

/** How many colours each canvas has: one that nothing was drawn on has one. */
const coloursDrawn = (page: Page): Promise<number[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('canvas')].map((canvas) => {
      const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(
        0,
        0,
        canvas.width,
        canvas.height,
      );
      return new Set(new Uint32Array(data.buffer)).size;
    }),
  );

for (const colorScheme of ['light', 'dark'] as const)
  for (const width of [320, 1_200])
    test(`the report is whole, ${colorScheme}, ${width} pixels wide`, async () => {
      const { page, faults, asked } = await openReport(width, colorScheme);
      await page.screenshot({
        path: `${SCREENSHOTS}/load-report-${width}-${colorScheme}.png`,
        fullPage: true,
      });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${overflow} pixels too wide`);
      assert.deepEqual(await seriousFaults(page), []);
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('body *')]
          .filter((element) =>
            [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim()),
          )
          .filter((element) => Number.parseFloat(getComputedStyle(element).fontSize) < 14)
          .map((element) => element.outerHTML),
      );
      assert.deepEqual(
        small.filter((text) => !/^<(script|style)/.test(text)),
        [],
      );
      const colours = await coloursDrawn(page);
      assert.ok(colours.length >= 12, `${colours.length} charts`);
      assert.ok(
        colours.every((count) => count > 20),
        String(colours),
      );
      assert.deepEqual([faults, asked.length], [[], 1], 'nothing but the file itself is asked for');
    });

test('charts follow the width of the page, share one second, and hide a line on request', async () => {
  const { page } = await openReport(1_200, 'light');
  const widths = () =>
    page.evaluate(() => [...document.querySelectorAll('canvas')].map(({ clientWidth }) => clientWidth));
  const wide = await widths();
  await page.setViewportSize({ width: 400, height: 800 });
  await page.waitForFunction(() =>
    [...document.querySelectorAll('canvas')].every(({ clientWidth }) => clientWidth <= 400),
  );
  assert.ok((await widths()).every((width, index) => width < (wide[index] as number)));

  await page.locator('#second').focus();
  await page.keyboard.press('Home');
  const due = page.locator('.legend button', { hasText: 'due' });
  assert.match(
    (await due.textContent()) ?? '',
    /due 1$/,
    'in the first second, of the debug run, one is due',
  );
  await page.keyboard.press('End');
  assert.match((await due.textContent()) ?? '', /due 200$/);
  await page
    .locator('.u-over')
    .first()
    .hover({ position: { x: 5, y: 50 } });
  assert.match((await due.textContent()) ?? '', /due 1$/);
  assert.match((await page.locator('.second output').textContent()) ?? '', /^0:0[0-4]$/);

  await due.click();
  assert.equal(await due.getAttribute('aria-pressed'), 'false');
});

test('a run that ended before anything was measured has a report too', async () => {
  const run = makeRun({ rate: 20, id: 'short' });
  run.load = run.load.slice(0, 2);
  run.interrupted = true;
  for (const vital of run.parts.flatMap(({ vitals }) => vitals)) vital.values = [null, null];
  for (const request of run.requests) Object.assign(request, { succeeded: 0, failed: 0 });
  for (const load of [run.load, []]) {
    const short = { ...run, load };
    ({ html } = await writeReport(short, judge(short, readSlo('scripts/load/slo.json')), undefined, folder));
    const { page, faults } = await openReport(1_200, 'light');
    assert.equal(await page.locator('.verdict h2').innerText(), '– No result');
    assert.deepEqual(faults, []);
  }
});

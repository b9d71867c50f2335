import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startChromium } from '../../scripts/services/chromium.ts';
import { openCinema } from '../support/cinema.ts';
import { copySources } from '../support/front.ts';
import { freePort, spawnApi } from '../support/processes.ts';

const change = (file: string, from: string, to: string) => {
  const text = readFileSync(file, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(file, text.replace(from, to));
};

test('in development Express serves the sources, and a change shows in the open page', async (t) => {
  const { source, remove } = copySources();
  t.after(remove);
  const cinema = await openCinema({ instances: 0 });
  t.after(cinema.close);
  const HMR_PORT = String(await freePort());
  const api = await spawnApi({ ...cinema.env, NODE_ENV: 'development', PAGE_FOLDER: source, HMR_PORT });
  t.after(api.kill);
  const browser = await startChromium(() => {});
  t.after(() => browser.close());
  const page = await browser.newPage();
  const connected = page.waitForEvent('console', (message) => message.text() === '[vite] connected.');
  await page.goto(api.url);
  await page.getByText('No movies yet.').waitFor();
  await connected;

  // A style is exchanged under the running page.
  await page.evaluate(() => Object.assign(window, { sameAsBefore: true }));
  change(join(source, 'src/style/base.css'), '--ground: #faf8f5', '--ground: #010203');
  await page.waitForFunction(
    () =>
      getComputedStyle(document.body).backgroundColor === 'rgb(1, 2, 3)' &&
      (window as unknown as { sameAsBefore?: boolean }).sameAsBefore,
  );
  // A module makes the page load anew, by itself.
  change(join(source, 'src/pages/movies.ts'), 'No movies yet.', 'Nothing is on.');
  await page.getByText('Nothing is on.').waitFor();
});

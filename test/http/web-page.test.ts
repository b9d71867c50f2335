import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { buildPage } from '../support/front.ts';
import { send } from '../support/send.ts';

const folder = mkdtempSync(join(tmpdir(), 'multiplex-page-'));
let cinema: Cinema;
before(async () => {
  await buildPage(folder);
  cinema = await openCinema({ env: { PAGE_FOLDER: folder } });
});
after(async () => {
  await cinema.close();
  rmSync(folder, { recursive: true });
});

const get = (path: string) => send(cinema.at(0).url + path);

test('where there is no nginx, the API serves what was built: the page asked after, its files kept for a year', async () => {
  const page = await get('/');
  assert.deepEqual([page.status, page.headers.get('cache-control')], [200, 'no-cache']);
  assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'; script-src 'self';/);
  const files = [...page.text.matchAll(/"(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '');
  assert.ok(files.length >= 3);
  for (const file of files) {
    const { status, headers } = await get(file);
    assert.deepEqual([status, headers.get('cache-control')], [200, 'public, max-age=31536000, immutable']);
  }
});

test('what is no file of the page is answered as before', async () => {
  for (const path of ['/assets/none.js', '/br/index.html', '/index.html'])
    assert.deepEqual([(await get(path)).body.code], ['not_found'], path);
});

test('a folder without a page is refused at the start', async () => {
  await assert.rejects(openCinema({ env: { PAGE_FOLDER: tmpdir() } }), /PAGE_FOLDER: there is no index.html/);
});

test('behind nginx, where no folder is named, there is no page', async () => {
  const plain = await cinema.addInstance({ PAGE_FOLDER: '' });
  assert.equal((await send(`${plain.url}/`)).status, 404);
});

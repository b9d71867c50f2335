import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { startNginx } from '../../scripts/services/nginx.ts';
import { productionConfiguration } from '../../scripts/services/production-nginx.ts';
import { buildPage, copySources, type Front, openFront, publishPage } from '../support/front.ts';
import { send } from '../support/send.ts';
import { openVisitor } from '../support/visitor.ts';
import { waitFor } from '../support/wait.ts';

let front: Front;
before(async () => {
  front = await openFront();
});
after(() => front.close());

const YEAR = 'public, max-age=31536000, immutable';

/** A GET that decodes nothing. */
const get = (path: string, headers: Record<string, string> = {}, url = front.url) =>
  new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    const asked = request(url + path, { headers }, async (reply) => {
      const chunks: Buffer[] = [];
      for await (const chunk of reply) chunks.push(chunk);
      resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks) });
    });
    asked.on('error', reject).end();
  });

const assetsOf = (html: string) =>
  [...html.matchAll(/"([^"]*assets\/[^"]+)"/g)].map((match) => match[1] ?? '');

/** Requests that the processes have answered, all together; asking adds one each. */
const answeredByNode = async () => {
  const counts = [...front.apis.values()].map(async ({ url }) => {
    const { text } = await send(`${url}/metrics`);
    const lines = text.split('\n').filter((line) => line.startsWith('http_request_duration_seconds_count'));
    return lines.map((line) => Number(line.split(' ').at(-1)));
  });
  return (await Promise.all(counts)).flat().reduce((sum, count) => sum + count, 0);
};

test('the page and its files reach no Node process, however often they are asked for', async () => {
  await send(`${front.url}/v1/catalog/movies`);
  const before = await answeredByNode();
  assert.ok(before > 0, 'the counter counts');
  const paths = ['/', ...assetsOf((await get('/')).body.toString()), '/assets/none.js'];
  for (let round = 0; round < 200; round += 1) await Promise.all(paths.map((path) => get(path)));
  assert.equal(await answeredByNode(), before + front.apis.size, 'what asked the counters, and nothing else');
});

test('every file has its type, and its bytes are the same in every encoding', async () => {
  const page = (await get('/')).body.toString();
  const types = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' } as Record<string, string>;
  for (const path of ['/', ...assetsOf(page)]) {
    const plain = await get(path);
    const gzip = await get(path, { 'Accept-Encoding': 'gzip' });
    const brotli = await get(path, { 'Accept-Encoding': 'gzip, deflate, br, zstd' });
    const type = types[path.split('.').at(-1) ?? ''] ?? 'text/html';
    for (const { status, headers } of [plain, gzip, brotli]) {
      assert.deepEqual([status, headers['content-type']], [200, `${type}; charset=utf-8`], path);
      assert.equal(headers.vary, 'Accept-Encoding');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['cache-control'], path === '/' ? 'no-cache' : YEAR);
    }
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.deepEqual([gzip.headers['content-encoding'], gunzipSync(gzip.body)], ['gzip', plain.body]);
    assert.deepEqual(
      [brotli.headers['content-encoding'], brotliDecompressSync(brotli.body)],
      ['br', plain.body],
    );
    const refused = await get(path, { 'Accept-Encoding': 'br;q=0' });
    assert.deepEqual(refused.body, plain.body);
  }
});

test('who has the page is told that it is still the same', async () => {
  const { headers } = await get('/', { 'Accept-Encoding': 'br' });
  const again = await get('/', { 'Accept-Encoding': 'br', 'If-None-Match': String(headers.etag) });
  assert.deepEqual([again.status, again.body.length], [304, 0]);
});

test('what is no file is a problem document, and the folder of encodings cannot be asked directly', async () => {
  for (const path of [
    '/assets/none.js',
    '/assets/',
    '/assets/../index.html',
    '/br/index.html',
    '/publish.sh',
  ]) {
    const { status, headers } = await get(path);
    assert.deepEqual([status, headers['content-type']], [404, 'application/problem+json'], path);
  }
});

test('the policy lets the page run its own files and nothing else, and Express says the same', async () => {
  const { headers } = await get('/');
  const policy = String(headers['content-security-policy']);
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.doesNotMatch(policy, /unsafe|data:|\*/);
  assert.ok(readFileSync('src/http/web-page.ts', 'utf8').includes(`"${policy}"`));
});

const ageAll = (folder: string) => {
  const then = new Date(Date.now() - 31 * 86_400_000);
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), then, then);
};

test('a deployment keeps the files of the build before, until no build has brought them for 30 days', async () => {
  const { source, remove } = copySources();
  writeFileSync(join(source, 'src/style/base.css'), 'body { color: red; }');
  const build = join(front.folder, 'next-build');
  await buildPage(build, '', source).finally(remove);
  const style = async () => {
    const paths = assetsOf((await get('/')).body.toString());
    return paths.find((path) => path.endsWith('.css')) ?? '';
  };
  const status = async (path: string) => (await get(path)).status;
  const first = await style();

  await publishPage(build, front.page);
  const second = await style();
  assert.notEqual(second, first);
  assert.match((await get(second)).body.toString(), /red/);
  assert.deepEqual([await status(first), await status(second)], [200, 200]);

  ageAll(join(front.page, 'assets'));
  await publishPage(build, front.page);
  assert.deepEqual([await status(first), await status(second)], [404, 200]);
});

/** A CDN that fetches from our nginx, and a page that names it; that nginx itself has no files but the page. */
const openCdn = async () => {
  const start = (name: string, assetOrigin?: string) => {
    const page = join(front.folder, name);
    mkdirSync(page);
    const configuration = productionConfiguration({ page, ...(assetOrigin && { assetOrigin }) });
    const upstreams = [...front.apis.values()].map(({ url }) => Number(new URL(url).port));
    return startNginx({
      folder: join(front.folder, `${name}-nginx`),
      upstreams,
      log: () => {},
      configuration,
    });
  };
  const cdn = await start('cdn');
  const origin = await start('origin', cdn.url);
  const build = join(front.folder, 'cdn-build');
  await buildPage(build, cdn.url);
  await publishPage(build, join(front.folder, 'cdn'));
  await publishPage(build, join(front.folder, 'origin'));
  for (const assets of ['assets', 'br/assets'])
    rmSync(join(front.folder, 'origin', assets), { recursive: true });
  return { cdn, origin, assets: join(front.folder, 'cdn/assets') };
};

test('files of a CDN are loaded across origins, and one that was tampered with is refused', async (t) => {
  const { cdn, origin, assets } = await openCdn();
  t.after(() => Promise.all([cdn.stop(), origin.stop()]));
  const visitor = await openVisitor(front, { loggedIn: false, baseURL: origin.url });
  const loaded: string[] = [];
  visitor.page.on('response', (response) => loaded.push(`${response.status()} ${response.url()}`));
  await visitor.visit('movies');
  await visitor.page.getByRole('heading', { name: 'Movies' }).waitFor();
  assert.equal(
    loaded.filter((line) => line.startsWith(`200 ${cdn.url}/assets/`)).length >= 2,
    true,
    `${loaded}`,
  );
  assert.deepEqual(visitor.faults, []);

  const script = readdirSync(assets).find((name) => name.endsWith('.js')) ?? '';
  for (const name of [`${script}.gz`, `../br/assets/${script}`]) rmSync(join(assets, name));
  appendFileSync(join(assets, script), ';document.body.append("tampered")');
  const victim = await openVisitor(front, { loggedIn: false, baseURL: origin.url });
  await victim.visit('movies');
  await waitFor('the refusal', () => victim.faults.some((fault) => /integrity/.test(fault)));
  assert.equal(await victim.page.locator('main').count(), 0);
});

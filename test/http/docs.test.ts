import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { type Cinema, openCinema } from '../support/cinema.ts';

let cinema: Cinema;

before(async () => {
  cinema = await openCinema();
});
after(() => cinema.close());

const get = (path: string) => supertest(cinema.at(0).url).get(path);

test('the page that browses the API loads, with scripts and styles from here alone', async () => {
  const page = await get('/docs')
    .expect(200)
    .expect('Content-Type', /^text\/html/);
  const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  assert.ok(parts.length >= 3);
  for (const part of parts) {
    assert.match(part, /^\//, 'from another host');
    const { type } = await get(part).expect(200);
    assert.equal(type, part.endsWith('.css') ? 'text/css' : 'text/javascript');
  }
});

test("the page's policy lets its own parts run, and nothing inline", async () => {
  const { headers, text } = await get('/docs');
  const policy = headers['content-security-policy'] ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self'(;|$)/);
  assert.match(policy, /connect-src 'self'/);
  assert.doesNotMatch(text, /<script>|onload=/);
});

test('the page starts with the document of this API', async () => {
  const { text } = await get('/docs/start.js').expect(200);
  const url = /url: '([^']+)'/.exec(text)?.[1] ?? '';
  const { body } = await get(url)
    .expect(200)
    .expect('Content-Type', /^application\/json/);
  assert.equal(body.servers[0].url, cinema.at(0).config.http.publicUrl);
});

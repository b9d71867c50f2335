import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createClient } from './containers/client.ts';
import { apiContainers, compose, docker, stackUrl } from './containers/stack.ts';

const client = createClient();
after(client.close);

/** Requests that a replica has answered so far, this one not. */
const answeredBy = async (container: string): Promise<number> => {
  const script = `fetch('http://127.0.0.1:3000/metrics').then((reply) => reply.text()).then((text) => console.log(
    text.split('\\n').filter((line) => line.startsWith('http_request_duration_seconds_count') && !line.includes('/livez'))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)))`;
  return Number(await docker('exec', container, 'node', '-e', script));
};

const pageFiles = async () => {
  const { text } = await client.call('/');
  return [...text.matchAll(/"(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '');
};

test('nginx serves the page from its volume, in every encoding, without the API', async () => {
  const replicas = await apiContainers();
  const count = () => Promise.all(replicas.map(answeredBy));
  const before = await count();
  const files = await pageFiles();
  assert.ok(files.length >= 3);
  for (const path of ['/', ...files])
    for (const encoding of [undefined, 'gzip', 'br']) {
      const headers = encoding ? { 'Accept-Encoding': encoding } : {};
      const answer = await client.call(path, { headers });
      assert.deepEqual([answer.status, answer.headers['content-encoding']], [200, encoding], path);
      assert.match(String(answer.headers['cache-control']), path === '/' ? /^no-cache$/ : /immutable/);
    }
  const asked = 1; // the counters themselves, before
  assert.deepEqual(
    await count(),
    before.map((answered) => answered + asked),
  );
});

test('publishing again, as the next deployment does, keeps what is there', async () => {
  const before = await pageFiles();
  await compose('run', '--rm', '--no-deps', 'page');
  for (const path of before) assert.equal((await fetch(stackUrl + path)).status, 200);
});

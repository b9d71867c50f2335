import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { assertProblem } from '../support/problems.ts';
import { send } from '../support/send.ts';

let cinema: Cinema;

before(async () => {
  cinema = await openCinema();
});
after(() => cinema.close());

/** Writes these bytes and reads until the server hangs up, as it should after what it cannot understand. */
const exchange = async (bytes: string) => {
  const socket = connect(Number(new URL(cinema.at(0).urlOf('accounts')).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close', { signal: AbortSignal.timeout(5_000) });
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1.1 (\d{3})/.exec(head)?.[1]),
    contentType: /^Content-Type: (.*)$/im.exec(head)?.[1],
    text: body,
  };
};

const HOST = 'Host: localhost\r\n';
const LIST = '/v1/openapi.json';

for (const [what, status, bytes] of [
  ['no HTTP at all', 400, 'hello there\r\n\r\n'],
  ['an unknown method', 400, `BREW ${LIST} HTTP/1.1\r\n${HOST}\r\n`],
  ['an unknown version', 400, `GET ${LIST} HTTP/9.9\r\n${HOST}\r\n`],
  ['a header with NUL', 400, `GET ${LIST} HTTP/1.1\r\n${HOST}X-A: a\0b\r\n\r\n`],
  ['a header without a colon', 400, `GET ${LIST} HTTP/1.1\r\n${HOST}nonsense\r\n\r\n`],
  [
    'a length and chunks at once, as smugglers send',
    400,
    `POST ${LIST} HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['a length that is no number', 400, `POST ${LIST} HTTP/1.1\r\n${HOST}Content-Length: ten\r\n\r\n`],
  ['two lengths', 400, `POST ${LIST} HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
  ['headers that are too large', 431, `GET ${LIST} HTTP/1.1\r\n${HOST}X-A: ${'a'.repeat(20_000)}\r\n\r\n`],
  ['a URL that is too long', 431, `GET ${LIST}?${'a'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`],
] as const) {
  test(`${what} is answered ${status} with a problem, and then the server hangs up`, async () => {
    const answer = await exchange(bytes);
    assert.equal(answer.status, status);
    assertProblem(answer, what);
  });
}

test('a body in chunks that are none is answered with a problem', async () => {
  const path = '/v1/accounts/login';
  const head = `POST ${path} HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  assertProblem(await exchange(`${head}zz\r\nnonsense\r\n`), path);
});

test('a client that hangs up in the middle of its body harms nobody', async () => {
  const { port } = new URL(cinema.at(0).urlOf('accounts'));
  const socket = connect(Number(port), '127.0.0.1');
  const head = `POST /v1/accounts/login HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n`;
  await new Promise<void>((resolve) => socket.write(`${head}{"email":`, () => resolve()));
  socket.destroy();
  assert.equal((await send(`${cinema.at(0).url}/livez`)).status, 200);
  const faults = cinema
    .at(0)
    .logs.lines()
    .filter(({ level }) => level === 'error');
  assert.deepEqual(faults, []);
});

test('a connection ends with an answer after 500 to 1,000 requests, so that load spreads anew', async (t) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ask = () =>
    new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
      get(`${cinema.at(0).url}/livez`, { agent }, (reply) => {
        reply.resume().on('end', () => {
          resolve({ status: reply.statusCode, connection: reply.headers.connection });
        });
      }).on('error', reject);
    });
  const lengths: number[] = [];
  for (let since = 1; lengths.length < 2; since += 1) {
    const { status, connection } = await ask();
    assert.equal(status, 200);
    assert.ok(since <= 1_001);
    if (connection !== 'close') continue;
    lengths.push(since);
    since = 0;
  }
  assert.ok(
    lengths.every((length) => length > 500),
    String(lengths),
  );
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { fill, type Operation, readOperations } from '../support/operations.ts';
import { makeStaff, type Person } from '../support/people.ts';
import { assertProblem } from '../support/problems.ts';

let cinema: Cinema;
let admin: Person;
let operations: Operation[];

before(async () => {
  cinema = await openCinema();
  admin = await makeStaff(cinema, 'admin');
  operations = await readOperations(cinema.at(0).url);
});
after(() => cinema.close());

type Sent = { method?: string; headers?: Record<string, string>; body?: string | Uint8Array<ArrayBuffer> };

const ask = async (what: string, path: string, { method = 'GET', headers = {}, body }: Sent = {}) => {
  const response = await fetch(cinema.at(0).url + path, {
    method,
    headers: { ...admin.auth, ...headers },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  assertProblem({ status: response.status, contentType: response.headers.get('content-type'), text }, what);
  return JSON.parse(text);
};

const JSON_TYPE = { 'Content-Type': 'application/json' };
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

const BAD_BODIES: [what: string, code: string, sent: Sent][] = [
  ['malformed JSON', 'malformed_json', { body: '{"a":' }],
  ['a bare string', 'malformed_json', { body: '"text"' }],
  ['null', 'malformed_json', { body: 'null' }],
  ['a list', 'invalid_request', { body: '[]' }],
  ['nothing', 'invalid_request', { body: '' }],
  ['an empty object', 'invalid_request', { body: '{}' }],
  ['20,000 levels of nesting', 'invalid_request', { body: `{"items":${nested(20_000)}}` }],
  ['a body over the limit', 'body_too_large', { body: `{"name":"${'x'.repeat(70_000)}"}` }],
  ['a form', 'unsupported_media_type', { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }],
  ['plain text', 'unsupported_media_type', { headers: { 'Content-Type': 'text/plain' } }],
  [
    'another charset',
    'unsupported_charset',
    { headers: { 'Content-Type': 'application/json; charset=koi8-r' } },
  ],
  ['an unknown encoding', 'unsupported_encoding', { headers: { ...JSON_TYPE, 'Content-Encoding': 'zip' } }],
  ['gzip that is none', 'bad_request', { headers: { ...JSON_TYPE, 'Content-Encoding': 'gzip' } }],
  [
    'gzip that grows over the limit',
    'body_too_large',
    {
      headers: { ...JSON_TYPE, 'Content-Encoding': 'gzip' },
      body: new Uint8Array(gzipSync(`{"name":"${'x'.repeat(5_000_000)}"}`)),
    },
  ],
];

for (const [what, code, { headers = JSON_TYPE, body = '{}' }] of BAD_BODIES) {
  test(`${what} as the body of any route is refused as ${code}`, async () => {
    const writing = operations.filter((operation) => operation.body);
    assert.ok(writing.length >= 5);
    for (const { name, method, path } of writing) {
      const problem = await ask(name, fill(path, randomUUID()), { method, headers, body });
      assert.equal(problem.code, code, name);
    }
  });
}

for (const member of ['unknown', '__proto__']) {
  test(`a member ${member} is refused by every body, and named`, async () => {
    for (const { name, method, path } of operations.filter((operation) => operation.body)) {
      const body = `{"${member}":{"role":"admin"}}`;
      const { faults } = await ask(name, fill(path, randomUUID()), { method, headers: JSON_TYPE, body });
      assert.ok(
        faults.some(({ message }: { message: string }) => message.includes(`"${member}"`)),
        name,
      );
    }
  });
}

test('every member of every body is refused with the wrong type, and named', async () => {
  for (const { name, method, path, body: schema } of operations.filter((operation) => operation.body))
    for (const [member, { type }] of Object.entries<{ type: string }>(schema.properties))
      for (const wrong of [null, true, {}, type === 'string' ? 7 : 'seven', type === 'array' ? 'A1' : []]) {
        const body = JSON.stringify({ [member]: wrong });
        const what = `${name} ${body}`;
        const { code, faults } = await ask(what, fill(path, randomUUID()), {
          method,
          headers: JSON_TYPE,
          body,
        });
        assert.equal(code, 'invalid_request', what);
        assert.ok(
          faults.some((fault: { in: string; path: string }) => fault.in === 'body' && fault.path === member),
          what,
        );
      }
});

for (const [what, id, code] of [
  ['no id', 'seven', 'invalid_request'],
  ['a percent sign that encodes nothing', '%E0%A4%A', 'bad_request'],
  ['NUL', '%00', 'invalid_request'],
  ['an attempt to leave the folder', '..%2f..%2fetc%2fpasswd', 'invalid_request'],
] as const) {
  test(`${what} in the path of any route is refused as ${code}`, async () => {
    for (const { name, method, path } of operations.filter((operation) => operation.path.includes('{'))) {
      const sent = method === 'GET' ? {} : { headers: JSON_TYPE, body: '{}' };
      assert.equal((await ask(name, fill(path, id), { method, ...sent })).code, code, name);
    }
  });
}

const cursor = (value: unknown) => `cursor=${Buffer.from(JSON.stringify(value)).toString('base64url')}`;
const NEVER = '0000-01-01T00:00:00Z';

for (const [what, query, code] of [
  ['a limit of 0', 'limit=0', 'invalid_request'],
  ['a negative limit', 'limit=-1', 'invalid_request'],
  ['too high a limit', 'limit=101', 'invalid_request'],
  ['half a limit', 'limit=1.5', 'invalid_request'],
  ['a limit in words', 'limit=ten', 'invalid_request'],
  ['an empty limit', 'limit=', 'invalid_request'],
  ['two limits', 'limit=1&limit=2', 'invalid_request'],
  ['an unknown member', 'offset=3', 'invalid_request'],
  ['a nested member', 'limit[a]=1', 'invalid_request'],
  ['two cursors', `${cursor([randomUUID()])}&${cursor([randomUUID()])}`, 'invalid_request'],
  ['too long a cursor', `cursor=${'A'.repeat(300)}`, 'invalid_request'],
  ['a cursor that is none', 'cursor=!!!', 'invalid_cursor'],
  ['a cursor of another shape', cursor({ id: 1 }), 'invalid_cursor'],
  ['a cursor with nothing in it', cursor([]), 'invalid_cursor'],
  ['a cursor with too much in it', cursor(['a', 'b', 'c', 'd']), 'invalid_cursor'],
  ['a cursor with no id', cursor(["'; drop table"]), 'invalid_cursor'],
  ['a cursor with no time', cursor(['tomorrow', randomUUID()]), 'invalid_cursor'],
  ['a cursor before all time', cursor([NEVER, randomUUID()]), 'invalid_cursor'],
  ['a cursor in an impossible zone', cursor(['2030-01-01T00:00:00+23:00', randomUUID()]), 'invalid_cursor'],
  [
    'a cursor of endless precision',
    cursor([`2030-01-01T00:00:00.${'1'.repeat(70)}Z`, randomUUID()]),
    'invalid_cursor',
  ],
] as const) {
  test(`${what} in the query of any list is refused as ${code}`, async () => {
    const lists = operations.filter((operation) => operation.query.includes('cursor'));
    assert.ok(lists.length >= 1);
    for (const { name, path } of lists)
      assert.equal((await ask(name, `${fill(path, randomUUID())}?${query}`)).code, code, name);
  });
}

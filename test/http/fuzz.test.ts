import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { fill, type JsonSchema, type Operation, readOperations } from '../support/operations.ts';
import { makeStaff, type Person } from '../support/people.ts';
import { assertProblem } from '../support/problems.ts';
import { createRandom } from '../support/random.ts';
import { addProduct, addScreening } from '../support/supplies.ts';

const TRIES = 40;
const NASTY = [
  null,
  true,
  -1,
  0,
  1e308,
  2 ** 53,
  1.5,
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '🎬'.repeat(50),
  [],
  {},
  [[]],
  'A1',
];
const TIMES = [
  '2031-05-05T05:05:05Z',
  '2031-05-05T05:05:05+23:00',
  '9999-12-31T23:59:59-23:59',
  '0000-01-01T00:00:00Z',
  `2031-05-05T05:05:05.${'1'.repeat(200)}Z`,
];

const random = createRandom();
let cinema: Cinema;
let admin: Person;
let operations: Operation[];
let ids: string[];

before(async () => {
  cinema = await openCinema();
  admin = await makeStaff(cinema, 'admin');
  operations = await readOperations(cinema.at(0).url);
  ids = [randomUUID(), await addProduct(cinema.database, 5), await addScreening(cinema.database)];
});
after(() => cinema.close());

const integer = ({ minimum = -10, maximum = 10 }: JsonSchema) =>
  random.pick([minimum, maximum, minimum - 1, maximum + 1, 7]);

const text = ({ format, pattern, minLength = 0, maxLength = 20 }: JsonSchema) => {
  if (format === 'uuid') return random.pick(ids);
  if (format === 'date-time') return random.pick(TIMES);
  if (format === 'email') return `${randomUUID()}@example.org`;
  if (pattern?.startsWith('^[A-Z][1-9]')) return random.pick(['A1', 'B2', 'Z99', 'A0', 'AA1']);
  return random
    .pick(['a', '\0', '\ud800', '🎬', "'", '%', '\\', '<'])
    .repeat(random.pick([minLength, maxLength, maxLength + 1, 12]));
};

/** Mostly what the schema allows, up to its edges; now and then anything. */
const invent = (schema: JsonSchema): unknown => {
  if (random.below(25) === 0) return random.pick(NASTY);
  if (schema.enum) return random.pick(schema.enum);
  if (schema.type === 'integer') return integer(schema);
  if (schema.type === 'string') return text(schema);
  if (schema.type === 'array')
    return Array.from({ length: random.pick([0, 1, 2, schema.maxItems ?? 3]) }, () => invent(schema.items));
  const entries = Object.entries(schema.properties ?? {}).filter(() => random.below(25) > 0);
  return Object.fromEntries(entries.map(([name, member]) => [name, invent(member)]));
};

test('whatever is sent to whichever route, the answer is never a fault of ours', async () => {
  const accepted = new Set<string>();
  for (const { name, method, path, body: schema } of operations.filter((operation) => operation.body))
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const body = JSON.stringify(invent(schema));
      const what = `seed ${random.seed}, try ${attempt}: ${name} ${body}`;
      const response = await fetch(cinema.at(0).url + fill(path, random.pick(ids)), {
        method,
        headers: { ...admin.auth, 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() },
        body,
      });
      const text = await response.text();
      if (response.status < 400) accepted.add(name);
      else
        assertProblem(
          { status: response.status, contentType: response.headers.get('content-type'), text },
          what,
        );
    }
  // Else it would be noise that only the validation ever sees.
  assert.ok(accepted.size >= 4, `seed ${random.seed}: only ${[...accepted]} accepted anything`);
});

test('what was accepted is stored and read back as it was sent', async () => {
  const name = 'Ünïcödé 🎬 \u200d <script> \' " \\ %s $1';
  const { url } = cinema.at(0);
  const headers = { ...admin.auth, 'Content-Type': 'application/json' };
  const body = JSON.stringify({ title: name, description: name, minutes: 1 });
  const added = await fetch(`${url}/v1/catalog/movies`, { method: 'POST', headers, body });
  assert.equal(added.status, 201);
  const movie = await (await fetch(url + added.headers.get('location'))).json();
  assert.deepEqual([movie.title, movie.description], [name, name]);
});

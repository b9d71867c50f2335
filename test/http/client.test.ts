import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createClient } from '../../client/index.ts';
import { runToEnd } from '../../scripts/services/children.ts';
import { openCinema } from '../support/cinema.ts';
import { PASSWORD, registerAndLogIn } from '../support/people.ts';
import { send } from '../support/send.ts';

const COMMITTED = 'client/schema.d.ts';

test('the client gives data, or a problem to branch on', async (t) => {
  const cinema = await openCinema();
  t.after(cinema.close);
  const { email, auth } = await registerAndLogIn(cinema.at(0));
  const client = createClient({ baseUrl: cinema.at(0).url });
  const me = await client.GET('/v1/accounts/me', { headers: auth });
  assert.equal(me.data?.email, email);
  const again = await client.POST('/v1/accounts', { body: { email, name: 'Ada', password: PASSWORD } });
  assert.deepEqual([again.response.status, again.error?.code], [409, 'email_taken']);
});

test('the types of the client are those of this API; npm run client writes them anew', async (t) => {
  const cinema = await openCinema();
  t.after(cinema.close);
  const folder = mkdtempSync(join(tmpdir(), 'multiplex-client-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [document, types] = [join(folder, 'openapi.json'), join(folder, 'schema.d.ts')];
  writeFileSync(document, (await send(`${cinema.at(0).url}/v1/openapi.json`)).text);
  await runToEnd(['client/node_modules/.bin/openapi-typescript', document, '--output', types]);
  const made = readFileSync(types, 'utf8');
  if (process.env.WRITE_CLIENT) writeFileSync(COMMITTED, made);
  assert.equal(readFileSync(COMMITTED, 'utf8'), made);
});

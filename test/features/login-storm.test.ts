import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../../src/errors.ts';
import { createPasswords } from '../../src/features/accounts/passwords.ts';
import { openCinema } from '../support/cinema.ts';
import { PASSWORD, registerAndLogIn } from '../support/people.ts';
import { type Answer, crowd, send, tally } from '../support/send.ts';

test('while a crowd logs in, requests that need no password are answered', async (t) => {
  const cinema = await openCinema();
  t.after(cinema.close);
  const ada = await registerAndLogIn(cinema.at(0));
  const { url } = cinema.at(0);
  let finished = 0;
  const storm = crowd(150, async () => {
    const credentials = { email: ada.email, password: PASSWORD };
    const answer = await send(`${url}/v1/accounts/login`, { method: 'POST', json: credentials });
    finished += 1;
    return answer;
  });
  const meanwhile: Answer[] = [];
  while (finished < 140)
    meanwhile.push(await send(`${url}/livez`), await send(`${url}/v1/accounts/me`, { headers: ada.auth }));

  assert.deepEqual(tally(await storm), { 200: 150 });
  assert.deepEqual(Object.keys(tally(meanwhile)), ['200']);
  // A process that hashes in its event loop answers a handful in that time.
  assert.ok(meanwhile.length > 20, `only ${meanwhile.length} requests were answered during the storm`);
});

test('who comes when the queue for hashing is full is told to come back', async () => {
  const passwords = createPasswords(1, 3);
  const hashes = await Promise.allSettled(Array.from({ length: 10 }, () => passwords.hash(PASSWORD)));
  const refusals = hashes.flatMap((hash) => (hash.status === 'rejected' ? [hash.reason] : []));
  assert.ok(refusals.length >= 6 && refusals.length < 10);
  for (const refusal of refusals) {
    assert.ok(refusal instanceof AppError);
    const { code, status, retryAfterSeconds } = refusal.problem;
    assert.deepEqual([code, status, retryAfterSeconds], ['logins_busy', 503, 3]);
  }
});

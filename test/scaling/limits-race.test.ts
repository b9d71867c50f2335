import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { registerAndLogIn } from '../support/people.ts';
import { type Answer, crowd, send, tally } from '../support/send.ts';

let cinema: Cinema;

before(async () => {
  cinema = await openCinema({
    instances: 4,
    env: { RATE_LIMIT_ADDRESS: '1500', RATE_LIMIT_USER: '30', RATE_LIMIT_WINDOW_SECONDS: '3600' },
  });
});
after(() => cinema.close());

test('of 10,000 requests over four instances, 250 at a time, exactly the limit is admitted', async () => {
  const answers: Answer[] = [];
  // This process is all instances at once: it is busy for longer than a command to Redis may take.
  for (let wave = 0; wave < 40; wave += 1)
    answers.push(...(await crowd(250, (index) => send(`${cinema.at(index).url}/v1/catalog/movies`))));
  assert.deepEqual(tally(answers), { 200: 1_500, 429: 8_500 });
});

test('the count of a user goes down by one with each request, whichever instance serves it', async () => {
  await cinema.redis.del('limit:address:127.0.0.1');
  const { auth } = await registerAndLogIn(cinema.at(0));
  const left: string[] = [];
  for (let index = 0; index < 30; index += 1) {
    const { status, headers } = await send(`${cinema.at(index).url}/v1/accounts/me`, { headers: auth });
    assert.equal(status, 200);
    left.push(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1] ?? '');
  }
  assert.deepEqual(
    left,
    Array.from({ length: 30 }, (_, index) => String(29 - index)),
  );
  for (let index = 0; index < 4; index += 1)
    assert.equal((await send(`${cinema.at(index).url}/v1/accounts/me`, { headers: auth })).status, 429);
});

test('a count never stays without an end', async () => {
  const keys = await cinema.redis.keys(`${cinema.env.REDIS_KEY_PREFIX}limit:*`);
  assert.ok(keys.length > 0);
  for (const key of keys)
    assert.ok((await cinema.redis.ttl(key.slice(cinema.env.REDIS_KEY_PREFIX?.length))) > 0, key);
});

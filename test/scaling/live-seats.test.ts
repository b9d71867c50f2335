import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { startOwnRedis } from '../support/own-servers.ts';
import { type Person, registerMany } from '../support/people.ts';
import { type SpawnedApi, spawnApi } from '../support/processes.ts';
import { createRandom } from '../support/random.ts';
import { watchSeats } from '../support/seat-watcher.ts';
import { send } from '../support/send.ts';
import { addScreening } from '../support/supplies.ts';
import { waitFor } from '../support/wait.ts';

const PEOPLE = 6;
let redis: Awaited<ReturnType<typeof startOwnRedis>>;
let cinema: Cinema;
let people: Person[];

before(async () => {
  redis = await startOwnRedis();
  cinema = await openCinema({ instances: 2, redisUrl: redis.url, env: { HOLD_SECONDS: '2' } });
  people = await registerMany(cinema, PEOPLE);
});
after(async () => {
  await cinema.close();
  await redis.end();
});

const post = (url: string, who: number, path: string, json?: unknown) =>
  send(`${url}/v1/tickets${path}`, { method: 'POST', headers: people[who % PEOPLE]?.auth ?? {}, json });
const url = (instance: number) => cinema.at(instance).url;

const ROUNDS = 3;

/** How long it takes until it shows, in milliseconds. */
const timeUntil = async (what: string, shown: () => boolean) => {
  const startedAt = performance.now();
  await waitFor(what, shown);
  return performance.now() - startedAt;
};

/** What PostgreSQL has, in the watchers' form. */
const truth = async (screening: string) => {
  const { body } = await send(`${url(0)}/v1/tickets/screenings/${screening}/seats`);
  const seats = body.seats as { seat: string; sold: boolean; held: boolean }[];
  const taken = seats.filter(({ sold, held }) => sold || held);
  return Object.fromEntries(taken.map(({ seat, sold }) => [seat, sold ? 'sold' : 'held']).sort());
};

test('what happens on one instance is seen within a second on the other: holding, buying, cancelling', async (t) => {
  const screening = await addScreening(cinema.database);
  const watcher = watchSeats([url(1)], screening);
  t.after(watcher.close);
  await waitFor('the first state', () => watcher.stats.whole === 1);
  assert.equal(watcher.stats.instance, 'api-2');

  const seen: Record<'held' | 'sold' | 'free', number[]> = { held: [], sold: [], free: [] };
  const see = async (state: keyof typeof seen) =>
    seen[state].push(await timeUntil(state, () => watcher.shows('C7') === state));
  for (let round = 0; round < ROUNDS; round += 1) {
    await post(url(0), 0, `/screenings/${screening}/holds`, { seats: ['C7'] });
    await see('held');
    const { body } = await post(url(0), 0, '/purchases', { screeningId: screening, seats: ['C7'] });
    await see('sold');
    await post(url(0), 0, `/purchases/${body.id}/cancel`);
    await see('free');
  }
  const times = Object.values(seen).map((all) => Math.min(...all)); // the machine may stall once
  t.diagnostic(`seen after ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  assert.ok(Math.max(...times) < 1_000);
});

/** Random people hold, buy and cancel random seats until `stopped`; who meets a dead instance tries another. */
const keepBusy = (screening: string, urls: readonly string[], stopped: () => boolean) => {
  const random = createRandom();
  const seats = ['A', 'B', 'C', 'D', 'E'].flatMap((row) => [1, 2, 3, 4, 5, 6].map((n) => `${row}${n}`));
  const attempt = (who: number, path: string, json?: unknown) =>
    post(random.pick(urls), who, path, json).catch(() => undefined);
  const one = async (who: number) => {
    while (!stopped()) {
      const wanted = random.sample(seats, 1 + random.below(2));
      if (random.below(2)) await attempt(who, `/screenings/${screening}/holds`, { seats: wanted });
      const bought = await attempt(who, '/purchases', { screeningId: screening, seats: wanted });
      if (bought?.status === 201 && random.below(3))
        await attempt(who, `/purchases/${bought.body.id}/cancel`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return Promise.all(Array.from({ length: PEOPLE }, (_, who) => one(who)));
};

test('an instance that is killed in the middle, time and again, makes nobody miss anything', async (t) => {
  const screening = await addScreening(cinema.database);
  const apis: SpawnedApi[] = await Promise.all([0, 1].map(() => spawnApi(cinema.env)));
  t.after(() => Promise.all(apis.map((api) => api.kill())));
  const urls = [...apis.map((api) => api.url), url(0)];
  const watchers = Array.from({ length: 6 }, () => watchSeats(urls, screening));
  t.after(() => Promise.all(watchers.map((watcher) => watcher.close())));
  await waitFor('all watchers', () => watchers.every(({ stats }) => stats.whole > 0));

  let stop = false;
  const busy = keepBusy(screening, urls, () => stop);
  t.after(() => {
    stop = true;
    return busy;
  });
  for (const [index, api] of apis.entries()) {
    await waitFor('some traffic', async () => Object.keys(await truth(screening)).length > 3);
    await api.kill();
    // All began at the first, and so go on to the second and the third.
    await waitFor('all to be elsewhere', () => watchers.every(({ stats }) => stats.connections > index + 1));
  }
  stop = true;
  await busy;
  await waitFor('all watchers to show the truth', async () => {
    const expected = JSON.stringify(await truth(screening));
    return watchers.every((watcher) => JSON.stringify(watcher.all()) === expected);
  });
});

test('while Redis is away streams stay open and go on all the same; when it is back they are prompt again', async (t) => {
  const screening = await addScreening(cinema.database);
  const watcher = watchSeats([url(1)], screening);
  t.after(watcher.close);
  await waitFor('the first state', () => watcher.stats.whole === 1);
  const buy = (seat: string) => post(url(0), 1, '/purchases', { screeningId: screening, seats: [seat] });

  await redis.stop();
  assert.equal((await buy('A1')).status, 201);
  const away = await timeUntil('the sale without Redis', () => watcher.shows('A1') === 'sold');
  await post(url(0), 1, `/screenings/${screening}/holds`, { seats: ['A2'] });
  await waitFor('the hold without Redis', () => watcher.shows('A2') === 'held');
  assert.equal((await buy('A2')).status, 201);
  await redis.start();
  for (const instance of [0, 1])
    await waitFor('readiness', async () => (await send(`${url(instance)}/readyz`)).status === 200);
  await waitFor('the second sale', () => watcher.shows('A2') === 'sold');
  assert.equal((await buy('A3')).status, 201);
  const back = await timeUntil('the sale with Redis', () => watcher.shows('A3') === 'sold');
  t.diagnostic(`seen after ${away.toFixed(0)} ms without Redis, ${back.toFixed(0)} ms with it again`);
  assert.equal(watcher.stats.connections, 1, 'still on its first stream');
});

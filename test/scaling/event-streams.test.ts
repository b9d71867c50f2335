import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { type Listening, listen, servedBy } from '../support/event-stream.ts';
import { type Person, registerAndLogIn } from '../support/people.ts';
import { type SpawnedApi, spawnApi } from '../support/processes.ts';
import { send } from '../support/send.ts';
import { addScreening } from '../support/supplies.ts';
import { waitFor } from '../support/wait.ts';

const STREAMS = 2_000;
const PLENTY = '100000';
let cinema: Cinema;
let ada: Person;

before(async () => {
  const limits = { EVENT_STREAMS_PER_INSTANCE: PLENTY, EVENT_STREAMS_PER_ADDRESS: PLENTY };
  cinema = await openCinema({ env: { ...limits, LOG_LEVEL: 'info' } });
  ada = await registerAndLogIn(cinema.at(0));
});
after(() => cinema.close());

const eventsPath = (screening: string) => `/v1/tickets/screenings/${screening}/events`;
const buy = (screeningId: string, seat: string) =>
  send(`${cinema.at(0).url}/v1/tickets/purchases`, {
    method: 'POST',
    headers: ada.auth,
    json: { screeningId, seats: [seat] },
  });

const metrics = async (api: SpawnedApi) => {
  const { text } = await send(`${api.url}/metrics`);
  return (name: string) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
};
const openStreams = async (api: SpawnedApi) => (await metrics(api))('event_streams');
/** What the process keeps once its garbage is collected, in bytes. */
const keptBytes = async (api: SpawnedApi) => {
  api.signal('SIGUSR2');
  await metrics(api); // which is served after the signal
  api.signal('SIGUSR2'); // what the first collection found finalized
  await metrics(api);
  const read = await metrics(api);
  return read('nodejs_heap_size_used_bytes') + read('nodejs_external_memory_bytes');
};
const COLLECTOR = `--import=${new URL('../support/collect-garbage.mjs', import.meta.url).href}`;

const openMany = async (url: string, count: number): Promise<Listening[]> => {
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
  const streams: Listening[] = [];
  while (streams.length < count) {
    const batch = Math.min(100, count - streams.length);
    streams.push(...(await Promise.all(Array.from({ length: batch }, () => listen(url, { agent })))));
  }
  return streams;
};

const closeAll = async (api: SpawnedApi, streams: readonly Listening[]) => {
  for (const stream of streams) stream.close();
  await waitFor('all streams to end', async () => (await openStreams(api)) === 0);
};

/** When each stream heard of a sale, in milliseconds after it was asked for; sorted. */
const hearSale = async (streams: readonly Listening[], screening: string, seat: string) => {
  const heard: number[] = [];
  const note = (chunk: string) => chunk.includes('event: change') && heard.push(performance.now());
  for (const { reply } of streams) reply.on('data', note);
  const askedAt = performance.now();
  await buy(screening, seat);
  await waitFor('everyone to hear it', () => heard.length === streams.length);
  for (const { reply } of streams) reply.off('data', note);
  return heard.map((at) => at - askedAt).sort((a, b) => a - b);
};

test(`${STREAMS} streams of one instance cost little, all hear of a sale at once, and leave nothing behind`, async (t) => {
  const screening = await addScreening(cinema.database);
  const api = await spawnApi({ ...cinema.env, NODE_OPTIONS: COLLECTOR });
  t.after(api.kill);
  const url = api.url + eventsPath(screening);
  await closeAll(api, await openMany(url, 500)); // what is made once is made now
  const before = await keptBytes(api);

  const streams = await openMany(url, STREAMS);
  await waitFor('the states', () => streams.every(({ events }) => events.length === 2));
  assert.equal(await openStreams(api), STREAMS);
  const each = ((await keptBytes(api)) - before) / STREAMS / 1_024;
  const p99s: number[] = [];
  for (const seat of ['C7', 'C8', 'C9']) {
    const delays = await hearSale(streams, screening, seat);
    p99s.push(delays[Math.floor(STREAMS * 0.99)] ?? Number.NaN);
  }
  const p99 = Math.min(...p99s); // the machine may stall once
  await closeAll(api, streams);
  const left = ((await keptBytes(api)) - before) / 1_048_576;

  t.diagnostic(`${each.toFixed(1)} KiB a stream; 99 % hear of a sale within ${p99.toFixed(0)} ms`);
  t.diagnostic(`kept when all are closed: ${left.toFixed(1)} MiB`);
  assert.ok(each < 50, `${each} KiB a stream`);
  assert.ok(p99 < 1_000, `${p99} ms`);
  assert.ok(left < 4, `${left} MiB are left`);
});

test('an instance that is told to stop ends its streams at once and politely, and clients miss nothing', async (t) => {
  const screening = await addScreening(cinema.database);
  const api = await spawnApi({ ...cinema.env, DRAIN_SECONDS: '4' });
  t.after(api.kill);
  const streams = await openMany(api.url + eventsPath(screening), 20);
  await waitFor('the states', () => streams.every(({ events }) => events.length === 2));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  // A connection that a balancer keeps, and may use for a client that comes back.
  const kept = await listen(`${api.url}/v1/catalog/movies`, { agent });
  await kept.ended;

  api.signal('SIGTERM');
  await Promise.all(streams.map((stream) => stream.ended));
  for (const { state } of streams) {
    assert.equal(state.complete, true, 'ended, not cut');
    assert.ok(state.retryMs >= 50 && state.retryMs <= 500, `retry ${state.retryMs}`);
  }
  // Which is still served, so that the streams did not wait for the end of the draining.
  const late = await listen(api.url + eventsPath(screening), { agent });
  await late.ended;
  assert.deepEqual([late.state.complete, late.events, late.reply.headers.connection], [true, [], 'close']);

  await buy(screening, 'A1');
  const { lastEventId } = streams[0]?.state ?? {};
  const next = await listen(cinema.at(0).url + eventsPath(screening), { lastEventId });
  t.after(next.close);
  await waitFor('what it would have missed', () => next.events.some(({ data }) => data.sold?.[0] === 'A1'));
  assert.equal(servedBy(next), 'api-1');
  assert.equal(await api.exited, 0);
});

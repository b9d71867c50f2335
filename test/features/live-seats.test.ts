import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { type Listening, listen, servedBy } from '../support/event-stream.ts';
import { type Person, registerAndLogIn } from '../support/people.ts';
import { send } from '../support/send.ts';
import { addScreening } from '../support/supplies.ts';
import { waitFor } from '../support/wait.ts';

let cinema: Cinema;
let ada: Person;

before(async () => {
  cinema = await openCinema({
    env: { EVENT_HEARTBEAT_SECONDS: '1', EVENT_STREAMS_PER_ADDRESS: '3', HOLD_SECONDS: '1' },
  });
  ada = await registerAndLogIn(cinema.at(0));
});
after(() => cinema.close());

const eventsUrl = (screening: string) => `${cinema.at(0).url}/v1/tickets/screenings/${screening}/events`;
const post = (path: string, json?: unknown) =>
  send(`${cinema.at(0).url}/v1/tickets${path}`, { method: 'POST', headers: ada.auth, json });
const buy = async (screeningId: string, ...seats: string[]): Promise<string> =>
  (await post('/purchases', { screeningId, seats })).body.id;
const seatEvents = ({ events }: Listening) => events.filter(({ name }) => name !== 'served-by');
const openStreams = async () => {
  const { text } = await send(`${cinema.at(0).urlOf('tickets')}/metrics`);
  return Number(/^event_streams (\d+)/m.exec(text)?.[1]);
};

test('a stream says who serves it and what is taken, and then every change', async (t) => {
  const screening = await addScreening(cinema.database);
  await buy(screening, 'A1');
  const stream = await listen(eventsUrl(screening));
  t.after(stream.close);
  assert.equal(stream.reply.headers['content-type'], 'text/event-stream');
  assert.equal(stream.reply.headers['cache-control'], 'no-store');
  await waitFor('the state', () => seatEvents(stream).length === 1);
  assert.equal(servedBy(stream), 'api-1');
  assert.ok(stream.state.retryMs >= 1_000);

  const purchase = await buy(screening, 'B1', 'B2');
  await waitFor('the sale', () => seatEvents(stream).length === 2);
  await post(`/purchases/${purchase}/cancel`);
  await waitFor('the cancellation', () => seatEvents(stream).length === 3);
  const told = seatEvents(stream).map(({ name, data }) => [name, data]);
  assert.deepEqual(told, [
    ['seats', { sold: ['A1'], held: [], free: [] }],
    ['change', { sold: ['B1', 'B2'], held: [], free: [] }],
    ['change', { sold: [], held: [], free: ['B1', 'B2'] }],
  ]);
});

test('a hold is told, and its end by the clock too', async (t) => {
  const screening = await addScreening(cinema.database);
  const stream = await listen(eventsUrl(screening));
  t.after(stream.close);
  await post(`/screenings/${screening}/holds`, { seats: ['C7'] });
  await waitFor('the hold and its end', () => seatEvents(stream).length === 3);
  const told = seatEvents(stream).map(({ data }) => data);
  assert.deepEqual(told.slice(1), [
    { sold: [], held: ['C7'], free: [] },
    { sold: [], held: [], free: ['C7'] },
  ]);
});

test('who comes back with the last id is told nothing when nothing changed, and everything when something did', async (t) => {
  const screening = await addScreening(cinema.database);
  await buy(screening, 'A1');
  const first = await listen(eventsUrl(screening));
  await waitFor('the state', () => seatEvents(first).length === 1);
  first.close();
  const { lastEventId } = first.state;

  const same = await listen(eventsUrl(screening), { lastEventId });
  t.after(same.close);
  await waitFor('a heartbeat', () => same.state.comments > 0);
  assert.deepEqual(seatEvents(same), []);

  await buy(screening, 'A2');
  const later = await listen(eventsUrl(screening), { lastEventId });
  t.after(later.close);
  await waitFor('the state', () => seatEvents(later).length === 1);
  assert.deepEqual(seatEvents(later)[0]?.data.sold, ['A1', 'A2']);
  await waitFor('the change', () => seatEvents(same).length === 1);
  assert.equal(seatEvents(same)[0]?.id, seatEvents(later)[0]?.id, 'one state has one id');
});

test('one address gets only so many streams, and a place is free again when one ends', async (t) => {
  const screening = await addScreening(cinema.database);
  await waitFor('the other tests’ streams to end', async () => (await openStreams()) === 0);
  const streams = await Promise.all([1, 2, 3].map(() => listen(eventsUrl(screening))));
  t.after(() => {
    for (const stream of streams) stream.close();
  });
  assert.equal(await openStreams(), 3);
  const refused = await send(eventsUrl(screening));
  assert.deepEqual([refused.status, refused.body.code], [429, 'too_many_streams']);
  assert.equal(refused.headers.get('retry-after'), '5');
  streams[0]?.close();
  await waitFor('a place', async () => (await openStreams()) === 2);
  const next = await listen(eventsUrl(screening));
  t.after(next.close);
  assert.equal(next.reply.statusCode, 200);
});

test('a full instance says so', async (t) => {
  const small = await cinema.addInstance({ EVENT_STREAMS_PER_INSTANCE: '1' });
  const url = `${small.url}/v1/tickets/screenings/${await addScreening(cinema.database)}/events`;
  const only = await listen(url);
  t.after(only.close);
  const refused = await send(url);
  assert.deepEqual([refused.status, refused.body.code], [503, 'instance_full']);
});

test('HEAD opens no stream, and a screening that does not exist has none', async () => {
  const screening = await addScreening(cinema.database);
  const head = await send(eventsUrl(screening), { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-type')], [200, 'text/event-stream']);
  assert.equal((await send(eventsUrl(randomUUID()))).status, 404);
});

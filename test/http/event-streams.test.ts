import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import express, { type Response } from 'express';
import { createEventStreams, type EventStream, encodeEvent } from '../../src/http/event-streams.ts';
import { startServer } from '../../src/http/serve.ts';
import { createMetrics } from '../../src/infrastructure/metrics.ts';
import { listen } from '../support/event-stream.ts';
import { waitFor } from '../support/wait.ts';

/** A server of nothing but event streams; `streams` are the open ones. */
const serveStreams = async (t: TestContext, heartbeatSeconds: number) => {
  const draining = new AbortController();
  const limits = { perInstance: 10, perAddress: 10, heartbeatSeconds };
  const metrics = createMetrics({ usage: () => ({ total: 0, idle: 0, waiting: 0 }) });
  const open = createEventStreams({ instance: 'one', limits, metrics, draining: draining.signal });
  const streams = new Map<EventStream, Response>();
  const app = express().get('/', (request, response) => {
    open(request, response, (stream) => {
      streams.set(stream, response);
      return () => streams.delete(stream);
    });
  });
  const server = await startServer(app, { host: '127.0.0.1', port: 0, drainSeconds: 0, draining });
  t.after(server.drain);
  const dropped = async () => (await metrics.eventStreamsDropped.get()).values[0]?.value ?? 0;
  return { port: server.port, url: `http://127.0.0.1:${server.port}/`, streams, dropped };
};

/** A client that asks for a stream and then reads nothing. */
const openStuck = (t: TestContext, port: number) => {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {}).pause();
  socket.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
};

const big = encodeEvent({ name: 'big', id: '1', data: 'x'.repeat(1_000_000) });
const small = encodeEvent({ name: 'small', id: '2', data: 'x' });

test('a client that takes nothing is dropped when too much lies unread, and the others do not notice', async (t) => {
  const { port, url, streams, dropped } = await serveStreams(t, 20);
  const healthy = await listen(url);
  t.after(healthy.close);
  openStuck(t, port);
  await waitFor('both', () => streams.size === 2);
  const [, stuck] = streams.keys();
  for (let turn = 0; turn < 50 && (await dropped()) === 0; turn += 1) stuck?.write(big);
  assert.equal(await dropped(), 1);
  await waitFor('one to be left', () => streams.size === 1);
  for (const stream of streams.keys()) stream.write(small);
  await waitFor('the event', () => healthy.events.some(({ name }) => name === 'small'));
});

test('a client that took nothing since the last heartbeat is dropped, however little lies unread', async (t) => {
  const { port, streams, dropped } = await serveStreams(t, 1);
  openStuck(t, port);
  await waitFor('the stream', () => streams.size === 1);
  const [[stuck, response] = []] = streams;
  const piece = Buffer.alloc(20_000, '.');
  await waitFor('the kernel to take no more', async () => {
    for (let count = 0; count < 20 && response?.writableLength === 0; count += 1) {
      stuck?.write(piece);
      await new Promise(setImmediate);
    }
    return response?.writableLength;
  });
  assert.equal(await dropped(), 0);
  await waitFor('it to be dropped', dropped);
  await waitFor('it to be gone', () => streams.size === 0);
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import express from 'express';
import { z } from 'zod';
import { AppError, conflict, notFound } from '../../src/errors.ts';
import { createContractClient } from '../../src/http/contracts/client.ts';
import { type Calls, defineContract, offer } from '../../src/http/contracts/contract.ts';
import { createInternalTokens } from '../../src/http/contracts/internal-tokens.ts';
import { serveContracts } from '../../src/http/contracts/serve.ts';
import { createErrorHandler } from '../../src/http/error-handler.ts';
import { type RunningServer, startServer } from '../../src/http/serve.ts';
import { createLogger } from '../../src/infrastructure/logger.ts';
import { createMetrics } from '../../src/infrastructure/metrics.ts';
import { startStallingProxy } from '../support/stalling-proxy.ts';
import { waitFor } from '../support/wait.ts';

const shelf = defineContract('shelf', {
  put: {
    input: z.object({ name: z.string(), count: z.int() }),
    output: z.object({ id: z.uuid(), count: z.int() }),
    idempotent: false,
  },
  find: { input: z.uuid(), output: z.object({ count: z.int() }), idempotent: true },
  fail: { input: z.enum(['once', 'always']), output: z.literal('done'), idempotent: true },
  failAsWriter: { input: z.literal('always'), output: z.literal('done'), idempotent: false },
});

const things = new Map<string, number>();
let calls = 0;
const failing = async (how: 'once' | 'always') => {
  calls += 1;
  if (how === 'always' || calls === 1) throw new Error('a fault of ours');
  return 'done' as const;
};
const own: Calls<typeof shelf> = {
  put: async ({ count }) => {
    if (count > 9) throw conflict('shelf_full', 'The shelf has no more room.', { room: 9 });
    const id = randomUUID();
    things.set(id, count);
    return { id, count, note: 'a member of a newer version' };
  },
  find: async (id) => {
    const count = things.get(id);
    if (count === undefined) throw notFound('thing');
    return { count };
  },
  fail: failing,
  failAsWriter: failing,
};

const away = ({ problem }: AppError) => {
  assert.deepEqual(
    [problem.status, problem.code, problem.retryAfterSeconds],
    [503, 'dependency_unavailable', 2],
  );
  return true;
};

const metrics = createMetrics({ usage: () => ({ total: 0, idle: 0, waiting: 0 }) });
const keys = { keys: [{ id: 'one', secret: 's'.repeat(32) }] } as Parameters<typeof createInternalTokens>[0];
const tokens = createInternalTokens(keys, 'tests');
let server: RunningServer;
let url: string;
const clients: { close(): Promise<void> }[] = [];
const open = (address = url) => {
  const client = createContractClient(shelf, address, { tokens, metrics });
  clients.push(client);
  return client.calls;
};

before(async () => {
  const logger = createLogger({ level: 'silent', instance: 'test' });
  const app = express().use(serveContracts([offer(shelf, own)], tokens), createErrorHandler(logger));
  const draining = new AbortController();
  server = await startServer(app, { host: '127.0.0.1', port: 0, drainSeconds: 0, draining });
  url = `http://127.0.0.1:${server.port}`;
});
beforeEach(() => {
  calls = 0;
});
after(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.drain();
});

for (const [where, implementation] of [
  ['in process', () => own],
  ['over HTTP', () => open()],
] as const) {
  test(`${where}: what is put is found, and members that the contract does not know do no harm`, async () => {
    const { put, find } = implementation();
    const { id, count } = await put({ name: 'apples', count: 3 });
    assert.equal(count, 3);
    assert.deepEqual(await find(id), { count: 3 });
  });

  test(`${where}: a refusal has its code, status, words and members`, async () => {
    const { put, find } = implementation();
    await assert.rejects(put({ name: 'apples', count: 10 }), (error: AppError) => {
      assert.ok(error instanceof AppError);
      assert.deepEqual(error.problem, {
        code: 'shelf_full',
        status: 409,
        detail: 'The shelf has no more room.',
        extensions: { room: 9 },
      });
      return true;
    });
    await assert.rejects(find(randomUUID()), { problem: { ...notFound('thing').problem } });
  });
}

test('what is idempotent is tried again, what is not is tried once', async () => {
  const { fail, failAsWriter } = open();
  assert.equal(await fail('once'), 'done');
  assert.equal(calls, 2);
  calls = 0;
  await assert.rejects(failAsWriter('always'), away);
  assert.equal(calls, 1);
});

test('after five calls in a row that failed the breaker refuses without asking', async () => {
  const { fail, find } = open();
  for (let index = 0; index < 5; index += 1) await assert.rejects(fail('always'));
  assert.equal(calls, 15);
  await assert.rejects(find(randomUUID()), away);
  assert.equal(calls, 15);
});

test('many calls that a dying replica breaks off at once are tried again, and are no reason to refuse others', async (context) => {
  const proxy = await startStallingProxy(server);
  context.after(proxy.close);
  proxy.stall();
  const { put, find } = open(`http://127.0.0.1:${proxy.port}`);
  const { id } = await own.put({ name: 'apples', count: 3 });
  const found = Promise.all(Array.from({ length: 20 }, () => find(id)));
  await waitFor('all to be under way', () => proxy.connections() === 20);
  proxy.breakOff();
  await found;
  assert.equal((await put({ name: 'pears', count: 3 })).count, 3);
});

test('input that is none is refused, and named', async () => {
  const { find } = open();
  await assert.rejects(find('no-uuid'), (error: AppError) => {
    assert.equal(error.problem.code, 'invalid_request');
    assert.match(JSON.stringify(error.problem.extensions), /"path":"input"/);
    return true;
  });
});

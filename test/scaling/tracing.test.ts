import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startNginx } from '../../scripts/services/nginx.ts';
import { productionConfiguration } from '../../scripts/services/production-nginx.ts';
import type { RunningServer } from '../../scripts/services/server.ts';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { type Collector, startCollector } from '../support/collector.ts';
import type { Env } from '../support/env.ts';
import type { LogLine } from '../support/logs.ts';
import { type Person, registerAndLogIn } from '../support/people.ts';
import { freePort, type Spawned, type SpawnedApi, spawnApi, spawnEntryPoint } from '../support/processes.ts';
import { send } from '../support/send.ts';
import { addScreening } from '../support/supplies.ts';
import { waitFor } from '../support/wait.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const RECEIPT = 'tickets.receipt';

const folder = mkdtempSync(join(tmpdir(), 'multiplex-tracing-'));
let cinema: Cinema;
let screeningId: string;
let collector: Collector;

before(async () => {
  cinema = await openCinema({ instances: 0, env: { LOG_LEVEL: 'info' } });
  screeningId = await addScreening(cinema.database, { seatsPerRow: 50 });
  collector = await startCollector();
});
after(async () => {
  await collector.close();
  await cinema.close();
  rmSync(folder, { recursive: true, force: true });
});

interface System {
  nginx: RunningServer;
  api: SpawnedApi;
  worker: Spawned;
  ada: Person;
  close(): Promise<unknown>;
}

/** nginx, an API and a worker as processes of their own, with the variables of tracing that a test is about. */
const startSystem = async (name: string, env: Env): Promise<System> => {
  const own = {
    ...cinema.env,
    TRUST_PROXY: '1',
    REDIS_KEY_PREFIX: `${cinema.env.REDIS_KEY_PREFIX}${name}:`,
    ...env,
  };
  const api = await spawnApi(own);
  const worker = spawnEntryPoint('job-worker', own);
  const page = join(folder, 'page');
  mkdirSync(page, { recursive: true });
  const nginx = await startNginx({
    folder: join(folder, name),
    upstreams: [Number(new URL(api.url).port)],
    log: () => {},
    configuration: productionConfiguration({ page }),
  });
  const ada = await registerAndLogIn({ url: nginx.url } as never);
  return { nginx, api, worker, ada, close: () => Promise.all([nginx.stop(), api.kill(), worker.kill()]) };
};

let seat = 0;
const buy = async ({ nginx, ada }: System, headers: Record<string, string> = {}) => {
  seat += 1;
  const answer = await send(`${nginx.url}/v1/tickets/purchases`, {
    method: 'POST',
    headers: { ...ada.auth, ...headers },
    json: { screeningId, seats: [`A${seat}`] },
  });
  assert.equal(answer.status, 201, answer.text);
  return { requestId: String(answer.headers.get('x-request-id')) };
};

const lineOf = ({ logs }: Spawned, what: string, fits: (line: LogLine) => boolean) =>
  waitFor(what, () => logs.lines().find(fits));

/** The lines that the API and the worker write for one purchase. */
const linesOf = async ({ api, worker }: System, requestId: string) => ({
  request: await lineOf(
    api,
    'the request’s line',
    (line) => line.requestId === requestId && line.msg === 'request',
  ),
  job: await lineOf(worker, 'the job’s line', (line) => line.requestId === requestId && line.msg === 'job'),
});

test('without a collector: one request, one trace, from nginx through the API to the worker', async (context) => {
  const system = await startSystem('off', {});
  context.after(system.close);
  const begun = await linesOf(system, (await buy(system)).requestId);
  assert.match(String(begun.request.requestId), /^[0-9a-f]{32}$/);
  for (const line of [begun.request, begun.job]) assert.equal(line.trace_id, begun.request.requestId); // nginx's
  assert.equal(begun.job.job, RECEIPT);

  const given = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' };
  const kept = await linesOf(system, (await buy(system, given)).requestId);
  for (const line of [kept.request, kept.job])
    assert.deepEqual([line.trace_id, line.span_id], [TRACE, PARENT]);

  const traceOfJob = async (traceparent: string) => {
    const { requestId } = await buy(system, { traceparent });
    return { requestId, traceId: (await linesOf(system, requestId)).job.trace_id };
  };
  for (const unfit of [
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `${given.traceparent}-x`,
    `ff${given.traceparent.slice(2)}`,
    'x',
  ]) {
    const { requestId, traceId } = await traceOfJob(unfit);
    assert.equal(traceId, requestId, unfit);
    // Nor does the API believe it where no nginx stands before it.
    const id = randomUUID();
    await send(`${system.api.url}/v1/accounts/me`, { headers: { 'X-Request-Id': id, traceparent: unfit } });
    const line = await lineOf(system.api, 'its line', ({ requestId: one }) => one === id);
    assert.equal(line.trace_id, undefined, unfit);
  }
  const later = await traceOfJob(`01${given.traceparent.slice(2)}-new`);
  assert.equal(later.traceId, TRACE);
});

test('with one: the spans of a purchase make one tree, its job included', async (context) => {
  const system = await startSystem('on', {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20secret',
    OTEL_SERVICE_NAME: 'cinema',
  });
  context.after(system.close);
  const { requestId } = await buy(system);
  const spansOf = () => collector.spans.filter(({ traceId }) => traceId === requestId);
  const find = (kind: string) =>
    waitFor(`the ${kind}’s span`, () => spansOf().find((span) => span.kind === kind)); // each process delivers its own
  const [, job] = [await find('server'), await find('consumer')];
  const spans = spansOf();
  const [root, ...others] = spans.filter(({ parentId }) => parentId === ''); // nginx's span is nowhere
  assert.deepEqual([root?.name, root?.kind, others], ['POST /v1/tickets/purchases', 'server', []]);
  assert.equal(root?.attributes['http.response.status_code'], 201);
  assert.deepEqual([job.name, job.parentId], [`process ${RECEIPT}`, root?.spanId]);
  for (const parent of [root, job]) {
    const below = spans.filter(({ parentId, kind }) => parentId === parent?.spanId && kind === 'client');
    const statements = below.map(({ name }) => name);
    assert.ok(
      ['BEGIN', 'INSERT', 'COMMIT'].every((name) => statements.includes(name)),
      `${statements}`,
    );
  }
  assert.ok(spans.every(({ service, failed }) => service === 'cinema' && !failed));
  assert.equal(collector.headers.at(-1)?.['api-key'], 'a secret');
  const line = await lineOf(system.api, 'the line', (one) => one.requestId === requestId);
  assert.deepEqual([line.trace_id, line.span_id], [requestId, root?.spanId]);

  await buy(system, { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' });
  const child = await waitFor('the child of a client’s span', () =>
    collector.spans.find(({ kind, traceId }) => kind === 'server' && traceId === TRACE),
  );
  assert.deepEqual([child.parentId, child.state], [PARENT, 'vendor=1']);
  assert.ok(!collector.spans.some(({ name }) => /readyz|livez|metrics/.test(name)));
});

test('a call of a neighbour is a span here and one there, below each other', async () => {
  const [catalogPort, storePort] = [await freePort(), await freePort()];
  const there = `http://127.0.0.1:${catalogPort}`;
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  await cinema.addInstance({
    ...traced,
    FEATURES: 'accounts,catalog',
    PORT: String(catalogPort),
    NEIGHBOURS: `tickets=http://127.0.0.1:${storePort},grocery=http://127.0.0.1:${storePort}`,
  });
  const store = await cinema.addInstance({
    ...traced,
    FEATURES: 'tickets,grocery',
    PORT: String(storePort),
    NEIGHBOURS: `accounts=${there},catalog=${there}`,
  });
  await send(`${store.url}/v1/tickets/screenings/${screeningId}/seats`);
  const callee = await waitFor('the neighbour’s span', () =>
    collector.spans.find(({ service, kind }) => service === 'accounts-catalog' && kind === 'server'),
  );
  const call = await waitFor('the call’s span', () =>
    collector.spans.find(({ spanId }) => spanId === callee.parentId),
  );
  assert.deepEqual([call.service, call.kind, call.name], ['tickets-grocery', 'client', callee.name]);
  assert.equal(callee.name, 'POST /internal/catalog/findScreening');
  const caller = collector.spans.find(({ spanId }) => spanId === call.parentId);
  assert.deepEqual([caller?.kind, caller?.parentId], ['server', '']);

  await send(`${store.url}/v1/tickets/screenings/${randomUUID()}/seats`);
  const failed = await waitFor('a call that is refused', () =>
    collector.spans.find((span) => span.failed && span.name === callee.name),
  );
  assert.deepEqual([failed.name, failed.attributes['error.type']], [callee.name, 'not_found']);
});

test('none is recorded of the share that is left out, and the trace goes along all the same', async (context) => {
  const system = await startSystem('none', {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER_ARG: '0',
  });
  context.after(system.close);
  // Also where a client says that it records: it does not decide what we store.
  const { requestId } = await buy(system, { traceparent: `00-${'a'.repeat(32)}-${PARENT}-01` });
  assert.equal((await linesOf(system, requestId)).job.trace_id, 'a'.repeat(32));
  for (const process of [system.api, system.worker]) {
    process.signal('SIGTERM');
    assert.equal(await process.exited, 0);
  }
  assert.ok(!collector.spans.some(({ traceId }) => traceId === 'a'.repeat(32)));
});

test('a collector that is away costs spans and nothing else', async (context) => {
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const system = await startSystem('away', { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  context.after(system.close);
  await buy(system);
  await lineOf(system.api, 'the loss to be told', ({ msg }) => msg === 'spans are lost');
  await buy(system);
  system.api.signal('SIGTERM');
  assert.equal(await system.api.exited, 0);
});

test('nothing of OpenTelemetry is loaded unless it is switched on', async () => {
  const loadedBy = async (name: string, env: Env) => {
    const coverage = join(folder, name); // V8 writes down every script that ran
    const api = await spawnApi({ ...cinema.env, ...env, NODE_V8_COVERAGE: coverage });
    api.signal('SIGTERM');
    assert.equal(await api.exited, 0);
    return readdirSync(coverage)
      .map((file) => readFileSync(join(coverage, file), 'utf8'))
      .join();
  };
  const modules = /node_modules\/@opentelemetry\/(?!api\/)/; // the API alone is a dependency of prom-client's
  assert.match(await loadedBy('coverage-on', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }), modules);
  assert.doesNotMatch(await loadedBy('coverage-off', {}), modules);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { arrivalTimes } from '../../scripts/load/generator/arrivals.ts';
import { runOpenModel } from '../../scripts/load/generator/open-model.ts';
import { createRecorder } from '../../scripts/load/generator/recorder.ts';
import { createAgent, createVisitor } from '../../scripts/load/generator/visitor.ts';
import type { Phase } from '../../scripts/load/run.ts';

const STALL_MS = 700;
let server: Server;
let target: string;
let stalledUntil = 0;
let answer = { status: 200, body: '{}' };
const agent = createAgent();

before(async () => {
  server = createServer((_request, response) => {
    setTimeout(
      () => {
        response.writeHead(answer.status, { 'content-type': 'application/json', 'x-served-by': 'one' });
        response.end(answer.body);
      },
      Math.max(0, stalledUntil - performance.now()),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(async () => {
  await agent.destroy();
  server.close();
});

const hold = (rate: number, seconds: number): Phase => ({ name: 'hold', from: 0, to: seconds, rate });

const load = async (phases: Phase[], onArrival: (due: number) => void = () => {}) => {
  const recorder = createRecorder(phases);
  const startedAt = performance.now();
  const now = () => (performance.now() - startedAt) / 1_000;
  const model = runOpenModel({
    phases,
    requestsPerVisit: 1,
    recorder,
    now,
    begin: (due) => {
      onArrival(due);
      return createVisitor({ agent, target, recorder, now, paces: true }, due);
    },
    visit: async (visitor) => void (await visitor.call({ name: 'GET /things' })),
    stopped: new AbortController().signal,
  });
  await model.done;
  return recorder;
};

test('as many come as were asked for, evenly, and more and more of them in a ramp', () => {
  assert.equal([...arrivalTimes([hold(200, 3)])].length, 600);
  const ramp = [...arrivalTimes([{ name: 'ramp', from: 0, to: 10, rate: 100 }])];
  assert.ok(Math.abs(ramp.length - 500) < 25, `${ramp.length} of about 500`);
  const later = ramp.filter((at) => at >= 5).length;
  assert.ok(later > 2.5 * (ramp.length - later));
});

test('a server that stalls is not asked less, and every request that was due meanwhile shows it', async () => {
  const recorder = await load([hold(100, 2)], (due) => {
    if (due >= 1 && stalledUntil === 0) stalledUntil = performance.now() + STALL_MS;
  });
  stalledUntil = 0;
  const [quiet, stalled] = [recorder.second(0), recorder.second(1)];
  assert.deepEqual([quiet.due, stalled.due], [100, 100]);
  // Due evenly over the stall, they waited from all of it to nothing: half of them longer than a quarter of it. Four
  // clients that wait for their answers would have seen four slow ones.
  assert.ok(stalled.p50 * 1_000 > STALL_MS / 4, `p50 ${stalled.p50} s`);
  assert.ok(stalled.max * 1_000 > STALL_MS * 0.9);
  assert.ok(quiet.p50 < stalled.p50 / 2);
});

test('an answer that is not as expected is a failure by its status and code', async () => {
  answer = { status: 503, body: '{"code":"dependency_unavailable"}' };
  const [figures] = (await load([hold(50, 0.2)])).requests();
  answer = { status: 200, body: '{}' };
  assert.deepEqual(
    [figures?.succeeded, figures?.failed, figures?.faults, figures?.servedBy],
    [0, 10, { '503 dependency_unavailable': 10 }, { one: 10 }],
  );
});

test('what does not count is in the seconds, but in no figures', async () => {
  const phases: Phase[] = [
    { name: 'debug', from: 0, to: 0.5, rate: 20 },
    { name: 'hold', from: 0.5, to: 1, rate: 20 },
  ];
  const recorder = await load(phases);
  assert.equal(recorder.second(0).due, 20);
  assert.equal(recorder.requests()[0]?.succeeded, 10);
});

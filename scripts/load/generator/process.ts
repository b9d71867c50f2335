import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Phase } from '../run.ts';
import { findScenario } from '../scenarios/index.ts';
import type { Admin } from '../scenarios/people.ts';
import type { FromGenerator, ToGenerator } from './messages.ts';
import { runOpenModel } from './open-model.ts';
import { createRecorder } from './recorder.ts';
import { createAgent, createVisitor, Disappointed } from './visitor.ts';

// The process that makes the load: it has a core to itself where there is one, and its own health is watched too.
const send = (message: FromGenerator) => process.send?.(message);
const agent = createAgent();
const stopping = new AbortController();

/** One visit without thinking: @throws with the first answer that is not as expected. */
const tryOnce = async (target: string, scenario: ReturnType<typeof findScenario>, admin: Admin) => {
  const recorder = createRecorder([]);
  const visitor = () =>
    createVisitor({ agent, target, recorder, now: () => performance.now() / 1_000, paces: false }, 0);
  const people = await scenario.prepare(visitor(), admin, 1);
  for (const part of scenario.parts) await part.visit(visitor(), people);
};

/** Our own limits would be all that is measured. @throws when the target admits fewer than are to come. */
const checkLimits = async (target: string, phases: readonly Phase[]) => {
  const quiet = { agent, target, recorder: createRecorder([]), now: () => 0, paces: false };
  const { headers } = await createVisitor(quiet, 0).call({ name: 'GET /v1/accounts/me', expects: [401] });
  const [, quota, window] = /"address";q=(\d+);w=(\d+)/.exec(String(headers['ratelimit-policy'])) ?? [];
  const most = Math.max(...phases.map(({ rate }) => rate));
  if (quota && most * Number(window) > Number(quota))
    throw new Error(
      `the target admits ${quota} requests in ${window} s from one address, and ${most} a second are to come; start it with RATE_LIMIT_ADDRESS, RATE_LIMIT_USER and RATE_LIMIT_LOGIN of 1000000`,
    );
};

const usage = () => {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let before = { cpu: process.cpuUsage(), at: performance.now() };
  return () => {
    const cpu = process.cpuUsage(before.cpu);
    const elapsed = performance.now() - before.at;
    before = { cpu: process.cpuUsage(), at: performance.now() };
    const loopDelay = delay.percentile(99) / 1e9;
    delay.reset();
    return {
      cpuShare: (cpu.user + cpu.system) / 1_000 / elapsed,
      rssBytes: process.memoryUsage.rss(),
      loopDelay,
    };
  };
};

const run = async ({ target, scenario: name, phases, admin }: Extract<ToGenerator, { type: 'run' }>) => {
  const scenario = findScenario(name);
  await checkLimits(target, phases);
  await tryOnce(target, scenario, admin);
  const recorder = createRecorder(phases);
  const requests = phases.reduce((sum, { from, to, rate }: Phase) => sum + (to - from) * rate, 0);
  const quiet = { agent, target, recorder: createRecorder([]), now: () => 0, paces: false };
  const people = await scenario.prepare(createVisitor(quiet, 0), admin, requests);
  const startedAt = performance.now();
  const now = () => (performance.now() - startedAt) / 1_000;
  const model = runOpenModel({
    phases,
    requestsPerVisit: scenario.requestsPerVisit,
    recorder,
    now,
    begin: (due) => createVisitor({ agent, target, recorder, now, paces: true }, due),
    visit: (visitor) => scenario.choose().visit(visitor, people),
    stopped: stopping.signal,
  });
  send({ type: 'started' });
  const measureUsage = usage();
  let second = 0;
  const timer = setInterval(() => {
    send({
      type: 'second',
      second,
      load: recorder.second(second),
      inFlight: recorder.unanswered(),
      ...measureUsage(),
    });
    second += 1;
  }, 1_000);
  await model.done;
  clearInterval(timer);
  const load = Array.from({ length: Math.min(second, recorder.length()) }, (_, index) =>
    recorder.second(index),
  );
  send({ type: 'done', load, requests: recorder.requests(), lateShare: model.lateShare() });
};

process.on('message', (message: ToGenerator) => {
  if (message.type === 'stop') stopping.abort();
  else
    run(message)
      .catch((error: unknown) => {
        const { answer } = error instanceof Disappointed ? error : {};
        const detail = answer?.body?.detail ? ` (${answer.body.detail})` : '';
        send({ type: 'failed', reason: `${(error as Error).message}${detail}` });
      })
      .finally(() => process.disconnect());
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
process.once('disconnect', () => process.exit());

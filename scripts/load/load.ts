import { totalmem } from 'node:os';
import type { LiveSecond } from './generator/messages.ts';
import { startGenerator } from './generator/start.ts';
import type { Slo } from './judge/slo.ts';
import { isHeld, planPhases, stepsOf } from './plan.ts';
import type { createLiveDisplay } from './report/terminal.ts';
import type { LoadSecond, Run } from './run.ts';
import type { System } from './systems/system.ts';
import { createVitals } from './vitals/collect.ts';
import type { Reading } from './vitals/source.ts';

interface LoadOptions {
  system: System;
  scenario: string;
  label: string;
  rate: number;
  ramp: number;
  hold: number;
  findLimit: boolean;
  slo: Slo;
  show: ReturnType<typeof createLiveDisplay>;
  warn(line: string): void;
  /** Ends the load early, with a report of what there is. */
  interrupted: AbortSignal;
}

const generatorReading = ({ cpuShare, rssBytes, loopDelay }: LiveSecond): Reading => ({
  part: { name: 'generator', kind: 'generator', cpuLimitCores: 1, memoryLimitBytes: totalmem() },
  vitals: [
    ['cpu', 'share', cpuShare],
    ['memory', 'share', rssBytes / totalmem()],
    ['loop delay', 'seconds', loopDelay],
  ],
});

const named = (counts: Record<string, number>, nameOf: (key: string) => string) => {
  const result: Record<string, number> = {};
  for (const [key, count] of Object.entries(counts)) result[nameOf(key)] = (result[nameOf(key)] ?? 0) + count;
  return result;
};

const idOf = (startedAt: string, scenario: string) =>
  `${startedAt.replace(/\.\d+/, '').replaceAll(':', '-')}-${scenario}`;

/** One load test from its debug run to its last answer, watched every second. @throws when the debug run fails. */
export const runLoadTest = async (options: LoadOptions): Promise<Run> => {
  const { system, scenario, label, rate, slo, show, warn, interrupted } = options;
  const phases = planPhases(options);
  const vitals = createVitals(system.sources, warn);
  const live: LoadSecond[] = [];
  let startedAt = new Date().toISOString();
  let sampling = Promise.resolve();

  const watch = async (second: LiveSecond) => {
    live[second.second] = second.load;
    await vitals.sample(second.second, [generatorReading(second)]);
    const parts = vitals.parts();
    const phase = phases.find(({ to }) => second.second < to) ?? phases.at(-1);
    const latest = (name: string, vital: string) =>
      parts.find((part) => part.name === name)?.vitals.find((one) => one.name === vital)?.values[
        second.second
      ] ?? null;
    show({
      ...second,
      phase: phase as NonNullable<typeof phase>,
      redLines: slo.redLines,
      parts: parts.map(({ name }) => ({ name, cpu: latest(name, 'cpu'), memory: latest(name, 'memory') })),
    });
    const step = phases.find(({ name, to }) => name === 'step' && to === second.second + 1);
    if (step && !isHeld(step, live, parts, slo)) generator.stop();
  };

  const generator = startGenerator(
    { target: system.url, scenario, phases, admin: system.admin },
    {
      onStarted: () => {
        startedAt = new Date().toISOString();
      },
      // One after the other: a slow source must not put a second's figures behind the next one's.
      onSecond: (second) => {
        sampling = sampling.then(() => watch(second));
      },
    },
  );
  interrupted.addEventListener('abort', generator.stop, { once: true });
  try {
    const { load, requests, lateShare } = await generator.done;
    await sampling;
    const parts = vitals.parts(load.length);
    return {
      version: 1,
      id: idOf(startedAt, scenario),
      label,
      startedAt,
      target: system.url,
      scenario,
      rate,
      phases: phases
        .filter(({ from }) => from < load.length)
        .map((phase) => ({ ...phase, to: Math.min(phase.to, load.length) })),
      load,
      requests: requests.map((one) => ({ ...one, servedBy: named(one.servedBy, system.partOf) })),
      parts,
      steps: stepsOf(phases, load, parts, slo),
      lateShare,
      interrupted: interrupted.aborted,
    };
  } finally {
    generator.kill();
    interrupted.removeEventListener('abort', generator.stop);
    await vitals.close();
  }
};

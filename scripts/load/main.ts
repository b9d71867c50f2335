import { compare } from './history/compare.ts';
import { createStore } from './history/store.ts';
import { judge, type Verdict } from './judge/judge.ts';
import { readSlo } from './judge/slo.ts';
import { runLoadTest } from './load.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { writeReport } from './report/report.ts';
import { createLiveDisplay } from './report/terminal.ts';
import type { Run } from './run.ts';
import { findScenario } from './scenarios/index.ts';
import { openComposeSystem } from './systems/compose.ts';
import { startOwnSystem } from './systems/own.ts';
import { openStartedSystem } from './systems/started.ts';
import type { System } from './systems/system.ts';

const EXIT = { pass: 0, fail: 1, 'no result': 2 } as const;

const openSystem = async ({ compose, url, replicas }: Options): Promise<System> => {
  if (compose !== undefined) {
    const project = compose || process.env.COMPOSE_PROJECT_NAME || process.cwd().split('/').at(-1);
    return openComposeSystem(project ?? '', url ?? 'http://localhost:8080');
  }
  if (url) return openStartedSystem(url);
  console.log('Starting the system …');
  return startOwnSystem(replicas);
};

/** What this run is put beside: all repeats of its own label, and those that were asked for. */
const compareWith = (wanted: string | undefined, run: Run) => {
  if (wanted === undefined) return undefined;
  const store = createStore();
  const same = store
    .list()
    .filter(({ run: kept }) => kept.label === run.label && kept.scenario === run.scenario);
  const these = [...same.map((kept) => kept.run).filter(({ rate }) => rate === run.rate), run];
  const those = store.find(wanted).map((kept) => kept.run);
  const others = those.filter(({ label }) => label !== run.label || those.length === 1);
  try {
    return compare(these, others);
  } catch (error) {
    console.warn(`\nNot compared: ${(error as Error).message}`); // what was measured is kept all the same
    return undefined;
  }
};

const conclude = ({ outcome, reasons, sentences }: Verdict) => {
  console.log(`\n${outcome.toUpperCase()}: ${reasons.join('; ')}`);
  for (const sentence of sentences) console.log(`  ${sentence}`);
};

const main = async (): Promise<number> => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const slo = readSlo(options.slo);
  findScenario(options.scenario);
  if (options.compare !== undefined) createStore().find(options.compare); // before the run, and not after it
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.abort());
  let exitCode = 0;
  for (let number = 1; number <= options.repeat && !interruption.signal.aborted; number += 1) {
    const system = await openSystem(options);
    try {
      const show = createLiveDisplay(process.stdout);
      const warn = (line: string) => console.warn(line);
      const run = await runLoadTest({
        ...options,
        system,
        slo,
        show,
        warn,
        interrupted: interruption.signal,
      });
      const verdict = judge(run, slo);
      const comparison = number === options.repeat ? compareWith(options.compare, run) : undefined;
      const { html, json } = await writeReport(run, verdict, comparison);
      conclude(verdict);
      if (comparison) console.log(`  ${comparison.sentence}`);
      console.log(`\nReport ${html}\nFigures ${json}`);
      exitCode = Math.max(exitCode, EXIT[verdict.outcome]);
    } finally {
      await system.stop();
    }
  }
  return exitCode;
};

process.exitCode = await main().catch((error: Error) => {
  console.error(`${error.message}\n`);
  return 2;
});

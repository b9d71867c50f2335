import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { dieWithParent, findFreePort, whenAbandoned, whenEnded } from './children.ts';
import { holdFolder } from './only-one.ts';
import { provisionServices } from './provision.ts';

export type Environment = Record<string, string | undefined>;

export const log = (line: string) => console.log(`  ${line}`);

/** Runs a step and says what it is and how long it took. */
export const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  console.log(`${what} …`);
  const startedAt = Date.now();
  const result = await work();
  log(`done in ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`);
  return result;
};

const readEnvFile = (path: string): Environment =>
  existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {};
const withoutEmpty = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));

const FOLDER = '.multiplex';

/** Starts a child that shares our terminal; in a group of its own, so that Ctrl-C reaches it through us, once. */
const startChild = (command: readonly string[], env: Environment): ChildProcess => {
  const [program = '', ...args] = [...dieWithParent('TERM'), ...command];
  return spawn(program, args, { env, stdio: 'inherit', detached: true });
};

/** The whole group: `tsx watch` that is killed would leave the API running. */
const signalGroup = (child: ChildProcess, signal: NodeJS.Signals) => {
  try {
    process.kill(-(child.pid ?? Number.NaN), signal);
  } catch {
    // it is gone
  }
};

/** Told to stop by a signal, or because the terminal or npm is gone. */
const createInterruption = () => {
  const state = { stopping: false, current: undefined as ChildProcess | undefined };
  const interrupt = () => {
    const again = state.stopping;
    if (!again) console.log('\nStopping; once more to stop at once.');
    state.stopping = true;
    if (state.current && again) signalGroup(state.current, 'SIGKILL');
    else if (state.current) state.current.kill('SIGTERM');
    else if (again) process.exit(1); // Redis and PostgreSQL are told to stop when the process exits
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  whenAbandoned(interrupt);
  return state;
};

const waitUntilReady = async (url: string, child: ChildProcess): Promise<boolean> => {
  while (child.exitCode === null && child.signalCode === null) {
    const ready = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
};

interface SystemOptions {
  /** `production` runs what was built; `development` runs the sources. */
  environment: string;
  /** How to run an entry point. */
  node: readonly string[];
  /** The entry points' folder and extension. */
  entryPoint(name: string): string;
  /** How to run the long-lived process. */
  serve: readonly string[];
  /** What the API serves as the front end: its sources in development, else what was built. */
  page: string;
  /** Before anything is started. */
  prepare?(): Promise<void>;
  whenReady(env: Environment): void;
}

type Interruption = ReturnType<typeof createInterruption>;

const serve = async (options: SystemOptions, given: Environment, interruption: Interruption) => {
  const run = async (command: readonly string[], env: Environment) => {
    interruption.current = startChild(command, env);
    const code = await whenEnded(interruption.current);
    interruption.current = undefined;
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`);
  };
  const services = await step('Providing Redis and PostgreSQL', () =>
    provisionServices({
      folder: FOLDER,
      persistent: true,
      redisUrl: given.REDIS_URL,
      databaseUrl: given.DATABASE_URL,
      log,
    }),
  );
  try {
    if (interruption.stopping) return 0;
    const secrets = `${FOLDER}/secrets`;
    // It would keep what it is given, also a faulty password that was meant for this start alone.
    const bare = { PATH: process.env.PATH };
    await run([...options.node, options.entryPoint('prepare-secrets'), secrets, secrets], bare);
    const port = await findFreePort(Number(given.PORT ?? 3000));
    if (port !== Number(given.PORT ?? 3000))
      console.log(`Port ${given.PORT ?? 3000} is taken; using ${port}.`);
    const env: Environment = {
      NODE_ENV: options.environment,
      SEED_SAMPLE: 'true',
      PUBLIC_URL: `http://localhost:${port}`,
      PAGE_FOLDER: options.page,
      ...readEnvFile(`${secrets}/multiplex.env`),
      ...given,
      PORT: String(port),
      CONTROL_PORT: given.CONTROL_PORT ?? String(await findFreePort(3100)),
      REDIS_URL: services.redisUrl,
      DATABASE_URL: services.databaseUrl,
    };
    if (interruption.stopping) return 0;
    await step('Migrating, and adding sample data', () =>
      run([...options.node, options.entryPoint('migrate')], { ...env, LOG_LEVEL: given.LOG_LEVEL ?? 'warn' }),
    );
    if (interruption.stopping) return 0;
    console.log('Starting the API …');
    const api = startChild(options.serve, env);
    interruption.current = api;
    const ended = whenEnded(api);
    if (await waitUntilReady(`http://127.0.0.1:${port}/readyz`, api)) options.whenReady(env);
    const code = await ended;
    if (!interruption.stopping) console.error(`The API ended by itself with ${code}.`);
    return code || 1;
  } finally {
    interruption.current = undefined;
    await services.stop();
    console.log('Stopped; nothing is left running.');
  }
};

/**
 * Provides Redis and PostgreSQL, secrets, schema and sample data, then serves until Ctrl-C. Variables come from the
 * environment, then .env, then the generated secrets. Says what went wrong, resolves with the exit code, and leaves
 * nothing running.
 */
export const runSystem = async (options: SystemOptions): Promise<number> => {
  const interruption = createInterruption();
  mkdirSync(FOLDER, { recursive: true });
  try {
    const letGo = await holdFolder(FOLDER);
    await options.prepare?.();
    const given = withoutEmpty({ ...readEnvFile('.env'), ...process.env });
    const code = interruption.stopping ? 0 : await serve(options, given, interruption);
    letGo();
    return interruption.stopping ? 0 : code;
  } catch (error) {
    if (interruption.stopping) return 0; // what was under way was told to stop
    console.error(`\n${(error as Error).message}`);
    return 1;
  }
};

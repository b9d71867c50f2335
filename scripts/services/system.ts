import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { findFreePort, whenEnded } from './children.ts';
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
  const [program = '', ...args] = command;
  return spawn(program, args, { env, stdio: 'inherit', detached: true });
};

const run = async (command: readonly string[], env: Environment) => {
  const code = await whenEnded(startChild(command, env));
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`);
};

const waitUntilReady = async (url: string, child: ChildProcess): Promise<boolean> => {
  while (child.exitCode === null && child.signalCode === null) {
    const ready = await fetch(url).then(
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
  whenReady(env: Environment): void;
}

/**
 * Provides Redis and PostgreSQL, secrets, schema and sample data, then serves until Ctrl-C. Variables come from the
 * environment, then .env, then the generated secrets. Resolves with the exit code, and leaves nothing running.
 */
export const runSystem = async (options: SystemOptions): Promise<number> => {
  const given = withoutEmpty({ ...readEnvFile('.env'), ...process.env });
  let stopping = 0;
  let current: ChildProcess | undefined;
  const interrupt = () => {
    stopping += 1;
    if (stopping === 1) console.log('\nStopping; once more to stop at once.');
    current?.kill(stopping === 1 ? 'SIGTERM' : 'SIGKILL');
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);

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
    const secrets = `${FOLDER}/secrets`;
    await run([...options.node, options.entryPoint('prepare-secrets'), secrets, secrets], process.env);
    const port = await findFreePort(Number(given.PORT ?? 3000));
    if (port !== Number(given.PORT ?? 3000))
      console.log(`Port ${given.PORT ?? 3000} is taken; using ${port}.`);
    const env: Environment = {
      NODE_ENV: options.environment,
      SEED_SAMPLE: 'true',
      PUBLIC_URL: `http://localhost:${port}`,
      ...readEnvFile(`${secrets}/multiplex.env`),
      ...given,
      PORT: String(port),
      REDIS_URL: services.redisUrl,
      DATABASE_URL: services.databaseUrl,
    };
    if (stopping) return 0;
    await step('Migrating, and adding sample data', () =>
      run([...options.node, options.entryPoint('migrate')], { ...env, LOG_LEVEL: given.LOG_LEVEL ?? 'warn' }),
    );
    if (stopping) return 0;
    console.log('Starting the API …');
    current = startChild(options.serve, env);
    const ended = whenEnded(current);
    if (await waitUntilReady(`http://127.0.0.1:${port}/readyz`, current)) options.whenReady(env);
    const code = await ended;
    if (!stopping) console.error(`The API ended by itself with ${code}.`);
    return stopping ? 0 : code || 1;
  } finally {
    await services.stop();
    console.log('Stopped; nothing is left running.');
  }
};

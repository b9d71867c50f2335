import { AsyncResource } from 'node:async_hooks';
import pg from 'pg';
import type { Logger } from './logger.ts';
import { inSpan, type Operation, type Tracing } from './tracing.ts';

export interface Queryable {
  /**
   * Runs one statement. Values go in as $1, $2 … and never into the text, which must be a constant: the connection
   * keeps it prepared.
   */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Transaction extends Queryable {
  /** Runs one statement whose rows nobody needs, without waiting for it; if it fails, so does the transaction. */
  send(sql: string, values?: readonly unknown[]): void;
  /** Runs statements without values in one round trip. The text must be a constant, or hold what is escaped. */
  run(sql: string): Promise<void>;
  /** Calls back once the transaction is committed; never when it is rolled back. */
  afterCommit(callback: () => void): void;
}

export interface Database extends Queryable {
  /**
   * Runs `work` in a READ COMMITTED transaction: commits when it resolves, rolls back when it rejects. Repeats it
   * up to twice when PostgreSQL chose it as the victim of a deadlock, so `work` must have no other effects.
   */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Connections: all, idle, and callers that wait for one. */
  usage(): { total: number; idle: number; waiting: number };
  close(): Promise<void>;
}

const RETRIES = 2;
/** PostgreSQL did not answer at all: a rollback would not be heard either, and the connection is of no more use. */
const isSilence = (error: unknown): error is Error =>
  error instanceof Error && error.message === 'Query read timeout';
const isVictim = (error: unknown) => ['40001', '40P01'].includes((error as { code?: string }).code ?? '');

/** Texts are constants, so each is parsed and planned once per connection, under a name of its own. */
const createNames = () => {
  const names = new Map<string, string>();
  return (sql: string): string => {
    const name = names.get(sql) ?? `s${names.size}`;
    names.set(sql, name);
    return name;
  };
};

const operationOf = (text: string): Operation => {
  const [verb = ''] = text.trimStart().split(/\W/, 1);
  return {
    kind: 'client',
    name: verb.toUpperCase(),
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': verb, 'db.query.text': text },
  };
};

/** How statements are sent: prepared under their names, and in spans where tracing is on. */
const createSender = (tracing: Tracing | undefined) => {
  const nameOf = createNames();
  const traced = <T>(text: string, work: () => Promise<T>): Promise<T> =>
    tracing ? inSpan(tracing, operationOf(text), work) : work();
  return {
    prepared: <Row extends object>(client: Client, text: string, values: readonly unknown[]) =>
      traced(text, () => client.query<Row>({ name: nameOf(text), text, values: [...values] })),
    plain: (client: Client, text: string) => traced(text, () => client.query(text)),
  };
};

type Client = pg.Pool | pg.PoolClient;
type Sender = ReturnType<typeof createSender>;

const queryWith =
  (client: Client, sender: Sender) =>
  async <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
    (await sender.prepared<Row>(client, text, values)).rows;

/** A failed statement makes all after it fail by this code: the first one tells why. */
const AFTER_FAILURE = '25P02';

/** Statements that are sent ahead: PostgreSQL answers in order, so whoever waits for a later one has waited for them. */
const createAhead = () => {
  const sent: Promise<unknown>[] = [];
  return {
    add: (answer: Promise<unknown>) => {
      answer.catch(() => {}); // heard by `all`, or `causeOf`
      sent.push(answer);
    },
    all: () => Promise.all(sent),
    causeOf: async (error: unknown): Promise<unknown> => {
      if ((error as { code?: string }).code !== AFTER_FAILURE) return error;
      return Promise.all(sent).then(
        () => error,
        (first: unknown) => first,
      );
    },
  };
};

const runTransaction = async <T>(
  pool: pg.Pool,
  sender: Sender,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> => {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that dies while it is checked out raises 'error' on the client; unheard it would end the process.
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  const callbacks: (() => void)[] = [];
  const ahead = createAhead();
  try {
    ahead.add(sender.plain(client, 'begin'));
    const result = await work({
      query: queryWith(client, sender),
      send: (text, values = []) => ahead.add(sender.prepared(client, text, values)),
      run: async (sql) => void (await sender.plain(client, sql)),
      afterCommit: (callback) => callbacks.push(callback),
    });
    // After a failure `commit` rolls back, and does not call that an error; what was sent before it does.
    ahead.add(sender.plain(client, 'commit'));
    await ahead.all();
    for (const callback of callbacks) callback();
    return result;
  } catch (caught) {
    const error = await ahead.causeOf(caught);
    if (isSilence(error)) broken = error;
    else
      await client.query('rollback').catch((rollbackError: Error) => {
        broken = rollbackError;
      });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
};

/**
 * How long, in milliseconds, a transaction may stand idle before PostgreSQL ends it, and a statement may be unanswered.
 * A process that hangs keeps its locks for the first: with requests that is over what they wait for a neighbour (3 s) and
 * below what others wait for a lock or a connection (5 s); a job may talk to a slow mail server; a migration takes what
 * it needs. The second is for a network that swallows everything, where PostgreSQL's own limits don't help.
 */
const PATIENCE = {
  requests: { idle_in_transaction_session_timeout: 4_000, query_timeout: 7_000 },
  jobs: { idle_in_transaction_session_timeout: 10_000, query_timeout: 7_000 },
  migrations: { idle_in_transaction_session_timeout: 10_000 },
};
export type Purpose = keyof typeof PATIENCE;

/** Builds the pool; connections open on first use, so a process starts, and says so in /readyz, without PostgreSQL. */
export const createDatabase = (
  { url, poolSize, purpose = 'requests' }: { url: string; poolSize: number; purpose?: Purpose },
  logger: Logger,
  tracing?: Tracing,
): Database => {
  const sender = createSender(tracing);
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    pipeline: true, // a statement is sent before the one ahead of it is answered
    connectionTimeoutMillis: 5_000, // also bounds the wait for a free connection
    idleTimeoutMillis: 30_000,
    statement_timeout: 5_000,
    ...PATIENCE[purpose],
    application_name: 'multiplex',
    keepAlive: true,
  });
  const onIdleError = (error: Error) => logger.warn({ err: error }, 'postgres dropped an idle connection');
  pool.on('error', AsyncResource.bind(onIdleError)); // or it is logged under the id of the request that opened it
  return {
    query: queryWith(pool, sender),
    transaction: async (work) => {
      for (let attempt = 0; ; attempt += 1) {
        try {
          return await runTransaction(pool, sender, work);
        } catch (error) {
          if (!isVictim(error) || attempt === RETRIES) throw error;
        }
      }
    },
    usage: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
};

const UNAVAILABLE_CODE = /^(08|57P0|57014|53|25P03|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH)/;
const UNAVAILABLE_MESSAGE =
  /^(timeout exceeded when trying to connect|Query read timeout|Connection terminated|Client was closed|Client has encountered a connection error)/;

/** Whether an error means that PostgreSQL cannot serve now (SQLSTATE classes 08, 53 and 57, or a broken socket). */
export const isDatabaseUnavailable = (error: unknown): boolean =>
  error instanceof Error &&
  (UNAVAILABLE_CODE.test((error as { code?: string }).code ?? '') || UNAVAILABLE_MESSAGE.test(error.message));

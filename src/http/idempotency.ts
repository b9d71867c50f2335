import { createHash, createHmac } from 'node:crypto';
import type { Request } from 'express';
import { AppError } from '../errors.ts';
import type { Database, Transaction } from '../infrastructure/database.ts';
import type { Migration } from '../infrastructure/migrations.ts';
import type { Reply } from './route.ts';

/**
 * The table of one feature's replies. It lies in the feature's own schema because the reply is stored in the very
 * transaction that makes the effect: whenever an instance dies, either both exist or neither does.
 */
export const idempotencyMigration = (schema: string): Migration => ({
  name: 'idempotency-keys',
  sql: `create table ${schema}.idempotency_keys (
    owner text not null,
    key text not null,
    fingerprint bytea not null,
    status int not null,
    headers jsonb not null,
    body text,
    created_at timestamptz not null default now(),
    primary key (owner, key)
  );
  create index on ${schema}.idempotency_keys (created_at)`,
});

/** Replies are kept this long at least; a clean-up may delete older ones. */
export const KEY_LIFETIME_HOURS = 24;

// The draft's quoted string (RFC 8941), or bare as most clients send it.
const KEY_FORMAT = /^(?:"([\x20\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255}))$/;

const readKey = (request: Request): string | undefined => {
  const header = request.get('idempotency-key');
  if (header === undefined) return undefined;
  const match = KEY_FORMAT.exec(header.trim());
  const key = match?.[1] ?? match?.[2];
  if (key) return key;
  throw new AppError({
    code: 'invalid_idempotency_key',
    status: 400,
    detail: 'Idempotency-Key must be 1 to 255 printable ASCII characters.',
  });
};

const inUse = () =>
  new AppError({
    code: 'idempotency_key_in_use',
    status: 409,
    detail: 'A request with this Idempotency-Key is still being worked on.',
    retryAfterSeconds: 1,
  });

const reusedForAnother = () =>
  new AppError({
    code: 'idempotency_key_reused',
    status: 422,
    detail: 'This Idempotency-Key was used for a different request.',
  });

interface Stored {
  fingerprint: Buffer;
  status: number;
  headers: Record<string, string>;
  body: string | null;
}

interface Claim {
  schema: string;
  owner: string;
  key: string;
  /** Of the request, by each secret in use, the newest first. */
  fingerprints: Buffer[];
}

/** Keyed, because a body may hold a password and a plain hash of one could be guessed from a leaked table. */
const fingerprint = (secret: string, request: Request, input: unknown) =>
  createHmac('sha256', secret)
    .update(`${request.method} ${request.originalUrl}\n${JSON.stringify(input)}`)
    .digest();

/** PostgreSQL frees this lock when the transaction ends, or when the instance that holds it dies. */
const lock = (transaction: Transaction, { schema, owner, key }: Claim): Promise<{ taken: boolean }[]> => {
  const number = createHash('sha256')
    .update(JSON.stringify([schema, owner, key]))
    .digest()
    .readBigInt64BE();
  return transaction.query('select pg_try_advisory_xact_lock($1) as taken', [number]);
};

const find = (transaction: Transaction, claim: Claim): Promise<Stored[]> =>
  transaction.query(
    `select fingerprint, status, headers, body from ${claim.schema}.idempotency_keys where owner = $1 and key = $2`,
    [claim.owner, claim.key],
  );

/** Locks the key and looks for its reply, in one round trip; the second statement sees what the last holder committed. */
const lockAndFind = async (transaction: Transaction, claim: Claim): Promise<Stored | undefined> => {
  const [[locked], [stored]] = await Promise.all([lock(transaction, claim), find(transaction, claim)]);
  if (!locked?.taken) throw inUse();
  if (stored && !claim.fingerprints.some((known) => known.equals(stored.fingerprint)))
    throw reusedForAnother();
  return stored;
};

const store = (transaction: Transaction, claim: Claim, reply: Reply): void =>
  transaction.send(
    `insert into ${claim.schema}.idempotency_keys (owner, key, fingerprint, status, headers, body)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      claim.owner,
      claim.key,
      claim.fingerprints[0],
      reply.status,
      reply.headers ?? {},
      JSON.stringify(reply.body),
    ],
  );

type Effect = (transaction: Transaction) => Promise<Reply>;
type Outcome = { reply: Reply } | { refusal: AppError };

/** A refusal (4xx) is an answer too, and is stored; its writes are undone. What breaks (5xx) may be tried again. */
const attempt = async (transaction: Transaction, effect: Effect): Promise<Outcome> => {
  transaction.send('savepoint effect');
  try {
    return { reply: await effect(transaction) };
  } catch (error) {
    if (!(error instanceof AppError) || error.problem.status >= 500) throw error;
    await transaction.run('rollback to savepoint effect');
    return { refusal: error };
  }
};

const REFUSED = 'x-refused'; // marks a stored refusal: its body is the problem and goes through the error handler

const replay = ({ status, headers, body }: Stored): Reply => {
  const parsed: unknown = body === null ? undefined : JSON.parse(body);
  if (headers[REFUSED]) throw new AppError(parsed as AppError['problem']);
  return { status, body: parsed, headers: { ...headers, 'Idempotency-Replayed': 'true' } };
};

const claimedEffect = async (transaction: Transaction, claim: Claim, effect: Effect): Promise<Outcome> => {
  const stored = await lockAndFind(transaction, claim);
  if (stored) return { reply: replay(stored) };
  const outcome = await attempt(transaction, effect);
  const refused = (error: AppError): Reply => ({
    status: error.problem.status,
    headers: { [REFUSED]: 'true' },
    body: error.problem,
  });
  store(transaction, claim, 'reply' in outcome ? outcome.reply : refused(outcome.refusal));
  return outcome;
};

/**
 * Makes the `once` of one request: draft-ietf-httpapi-idempotency-key-header-07. Without a key the effect simply runs
 * in a transaction.
 * @throws {AppError} 400 for a malformed key, 409 while a twin is at work, 422 for a key used with another request.
 */
export const createOnce =
  (parts: { database: Database; schema: string; secrets: readonly string[] }) =>
  (request: Request, owner: string, input: unknown) =>
  async (effect: Effect): Promise<Reply> => {
    const key = readKey(request);
    if (key === undefined) return parts.database.transaction(effect);
    const fingerprints = parts.secrets.map((secret) => fingerprint(secret, request, input));
    const claim = { schema: parts.schema, owner, key, fingerprints };
    const outcome = await parts.database.transaction((transaction) =>
      claimedEffect(transaction, claim, effect),
    );
    if ('refusal' in outcome) throw outcome.refusal;
    return outcome.reply;
  };

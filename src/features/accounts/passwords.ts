import { hash, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';
import { AppError } from '../../errors.ts';

/** Argon2id is the library's default variant; the costs are the first choice of OWASP's password storage cheat sheet. */
const COSTS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }; // KiB, passes, threads

/** About two seconds of work at 20 ms a hash and two at a time; who comes later is told to come back. */
const LONGEST_QUEUE = 200;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes as long for `undefined`, an unknown account, as for a known one, so that timing tells nothing. */
  matches(passwordHash: string | undefined, password: string): Promise<boolean>;
}

const busy = () =>
  new AppError({
    code: 'logins_busy',
    status: 503,
    detail: 'Too many logins at this moment.',
    retryAfterSeconds: 3,
  });

/**
 * Hashing runs on libuv's threads, 20 ms of CPU and 19 MiB each. The cap keeps a storm of logins from taking all
 * threads and cores from the requests that need no password.
 * @throws {AppError} 503 `logins_busy` when the queue is full.
 */
export const createPasswords = (concurrency: number, longestQueue = LONGEST_QUEUE): Passwords => {
  const limit = pLimit(concurrency);
  const queued = <T>(work: () => Promise<T>): Promise<T> => {
    if (limit.pendingCount >= longestQueue) throw busy();
    return limit(work);
  };
  let unknownAccount: Promise<string> | undefined;
  return {
    hash: async (password) => queued(() => hash(password, COSTS)),
    matches: async (passwordHash, password) => {
      unknownAccount ??= hash('nobody has this password', COSTS);
      const against = passwordHash ?? (await unknownAccount);
      return (await queued(() => verify(against, password))) && passwordHash !== undefined;
    },
  };
};

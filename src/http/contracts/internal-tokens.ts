import { createSecretKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import type { Config } from '../../config.ts';
import { unauthenticated } from '../../errors.ts';

const LIFETIME_SECONDS = 60;
const AUDIENCE = 'multiplex-internal'; // never that of access tokens, so neither passes for the other
const CACHED_TOKENS = 10_000;

/** Who asks, and in whose name. */
export interface Caller {
  /** The features that the asking process serves. */
  caller: string;
  /** Undefined when it is about nobody, as in a job. */
  userId: string | undefined;
}

export interface InternalTokens {
  /** Says which features this process serves, and for whom it asks; good for a minute. */
  sign(userId?: string): string;
  /** @throws {AppError} 401 `invalid_token`. */
  verify(token: string): Caller;
}

/** As in RFC 8693 section 4.1: the subject is the user, the actor the service that acts for them. */
interface Claims {
  sub?: string;
  act: { sub: string };
}

/** Services prove to each other that they are ours by the keys that all instances share. */
export const createInternalTokens = (config: Config['tokens'], caller: string): InternalTokens => {
  const keys = new Map(config.keys.map(({ id, secret }) => [id, createSecretKey(secret, 'utf8')]));
  const [[keyid, signingKey]] = [...keys] as [[string, KeyObject]];
  const signed = new LRUCache<string, string>({ max: CACHED_TOKENS, ttl: LIFETIME_SECONDS * 500 });
  // Kept for less than what may be left of it.
  const verified = new LRUCache<string, Caller>({ max: CACHED_TOKENS, ttl: 1_000 });

  const sign = (userId: string | undefined) => {
    const options = { algorithm: 'HS256', keyid, expiresIn: LIFETIME_SECONDS, audience: AUDIENCE } as const;
    return jwt.sign({ ...(userId && { sub: userId }), act: { sub: caller } }, signingKey, options);
  };

  const verify = (token: string): Caller => {
    const key = keys.get(jwt.decode(token, { complete: true })?.header.kid ?? '') as KeyObject;
    const { sub, act } = jwt.verify(token, key, {
      algorithms: ['HS256'],
      audience: AUDIENCE,
    }) as unknown as Claims;
    return { caller: act.sub, userId: sub };
  };

  return {
    sign: (userId) => {
      const token = signed.get(userId ?? '') ?? sign(userId);
      if (!signed.has(userId ?? '')) signed.set(userId ?? '', token);
      return token;
    },
    verify: (token) => {
      const known = verified.get(token);
      if (known) return known;
      try {
        const found = verify(token);
        verified.set(token, found);
        return found;
      } catch {
        throw unauthenticated('This needs the token of a service of ours.', 'invalid_token');
      }
    },
  };
};

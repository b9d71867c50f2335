import { createSecretKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import type { Config } from '../../config.ts';
import { unauthenticated } from '../../errors.ts';

const LIFETIME_SECONDS = 60;
const AUDIENCE = 'multiplex-internal'; // never that of access tokens, so neither passes for the other
const CACHED_TOKENS = 100; // a token per caller, and the one before it

export interface InternalTokens {
  /** Says which features this process serves; good for a minute. */
  sign(): string;
  /** Resolves the calling features. @throws {AppError} 401 `invalid_token`. */
  verify(token: string): string;
}

/** Services prove to each other that they are ours by the keys that all instances share. */
export const createInternalTokens = (config: Config['tokens'], caller: string): InternalTokens => {
  const keys = new Map(config.keys.map(({ id, secret }) => [id, createSecretKey(secret, 'utf8')]));
  const [[keyid, signingKey]] = [...keys] as [[string, KeyObject]];
  const verified = new LRUCache<string, string>({ max: CACHED_TOKENS });
  let current = { token: '', until: 0 };

  return {
    sign: () => {
      if (Date.now() > current.until) {
        const options = { algorithm: 'HS256', keyid, expiresIn: LIFETIME_SECONDS } as const;
        const token = jwt.sign({}, signingKey, { ...options, audience: AUDIENCE, subject: caller });
        current = { token, until: Date.now() + LIFETIME_SECONDS * 500 };
      }
      return current.token;
    },
    verify: (token) => {
      const known = verified.get(token);
      if (known !== undefined) return known;
      try {
        const key = keys.get(jwt.decode(token, { complete: true })?.header.kid ?? '') as KeyObject;
        const { sub = '' } = jwt.verify(token, key, { algorithms: ['HS256'], audience: AUDIENCE }) as {
          sub?: string;
        };
        // Kept for less than what may be left of it.
        verified.set(token, sub, { ttl: 1_000 });
        return sub;
      } catch {
        throw unauthenticated('This needs the token of a service of ours.', 'invalid_token');
      }
    },
  };
};

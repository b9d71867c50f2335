import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { unauthenticated } from '../errors.ts';
import type { Identity } from './route.ts';

/** Bounds the memory of verified tokens: 10,000 are about 10 MB. */
const CACHED_TOKENS = 10_000;

const claims = z.object({
  sub: z.uuid(),
  role: z.enum(['customer', 'staff', 'admin']),
  login: z.uuid(),
  exp: z.number(),
});

/** The refresh token's content; the token is this and its authentication code, so Redis holds no secret of it. */
export interface RefreshClaims {
  userId: string;
  loginId: string;
  generation: number;
}

export interface Tokens {
  /** Signs an access token that starts at `issuedAtMs`; the same input gives the same token. */
  signAccess(identity: Omit<Identity, 'via'>, issuedAtMs: number): string;
  /** @throws {AppError} 401 `token_expired` or `invalid_token`. Costs a map look-up for a token seen before. */
  verifyAccess(token: string): Identity;
  signRefresh(claims: RefreshClaims): string;
  /** @throws {AppError} 401 `invalid_refresh_token`. */
  verifyRefresh(token: string): RefreshClaims;
}

const refreshFormat = /^([0-9a-f-]{36})\.([0-9a-f-]{36})\.(\d{1,9})\.([\w-]{1,32})\.([\w-]{43})$/;

/**
 * Signs with the first key and accepts every key, so that a new one is put in front and the old one removed when its
 * last token has expired. Keys become KeyObjects once: verifying with a string secret costs several times as much.
 */
export const createTokens = (config: Config['tokens']): Tokens => {
  const keys = new Map(config.keys.map(({ id, secret }) => [id, createSecretKey(secret, 'utf8')]));
  const [[signingId, signingKey]] = [...keys] as [[string, KeyObject]];
  const verified = new LRUCache<string, Identity>({ max: CACHED_TOKENS, ttlAutopurge: false });

  const verify = (token: string): { identity: Identity; expiresAtMs: number } => {
    const keyId = jwt.decode(token, { complete: true })?.header.kid ?? '';
    const key = keys.get(keyId);
    if (!key) throw unauthenticated('The token is signed by no key of ours.', 'invalid_token');
    const { issuer, audience } = config;
    const payload = claims.parse(jwt.verify(token, key, { algorithms: ['HS256'], issuer, audience }));
    const identity: Identity = {
      userId: payload.sub,
      role: payload.role,
      loginId: payload.login,
      via: 'token',
    };
    return { identity, expiresAtMs: payload.exp * 1_000 };
  };

  const refreshCode = (body: string, keyId: string) => {
    const key = keys.get(keyId);
    return key && createHmac('sha256', key).update(`refresh:${body}`).digest();
  };

  return {
    signAccess: ({ userId, role, loginId }, issuedAtMs) => {
      const payload = { role, login: loginId, iat: Math.floor(issuedAtMs / 1_000) };
      return jwt.sign(payload, signingKey, {
        algorithm: 'HS256',
        keyid: signingId,
        issuer: config.issuer,
        audience: config.audience,
        subject: userId,
        expiresIn: config.accessSeconds,
      });
    },
    verifyAccess: (token) => {
      const known = verified.get(token);
      if (known) return known;
      try {
        const { identity, expiresAtMs } = verify(token);
        verified.set(token, identity, { ttl: Math.max(1, expiresAtMs - Date.now()) });
        return identity;
      } catch (error) {
        if (error instanceof jwt.TokenExpiredError)
          throw unauthenticated('The token has expired.', 'token_expired');
        throw unauthenticated('The token is not valid.', 'invalid_token');
      }
    },
    signRefresh: ({ userId, loginId, generation }) => {
      const body = `${userId}.${loginId}.${generation}.${signingId}`;
      return `${body}.${refreshCode(body, signingId)?.toString('base64url')}`;
    },
    verifyRefresh: (token) => {
      const [, userId = '', loginId = '', generation, keyId = '', code = ''] =
        refreshFormat.exec(token) ?? [];
      const expected = refreshCode(token.slice(0, token.lastIndexOf('.')), keyId);
      const given = Buffer.from(code, 'base64url');
      if (!expected || given.length !== expected.length || !timingSafeEqual(given, expected))
        throw unauthenticated('The refresh token is not valid.', 'invalid_refresh_token');
      return { userId, loginId, generation: Number(generation) };
    },
  };
};

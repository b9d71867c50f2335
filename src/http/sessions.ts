import { randomBytes, timingSafeEqual } from 'node:crypto';
import { RedisStore } from 'connect-redis';
import type { Request, Response } from 'express';
import session from 'express-session';
import type { Redis } from 'ioredis';
import type { Config } from '../config.ts';
import { AppError, forbidden } from '../errors.ts';
import type { Logins } from './logins.ts';
import type { Identity } from './route.ts';

declare module 'express-session' {
  interface SessionData {
    identity: Identity;
    csrfToken: string;
    /** Milliseconds since the epoch. */
    touchedAt: number;
  }
}

export interface Sessions {
  /** Whether the request brings a session cookie, valid or not. */
  hasCookie(request: Request): boolean;
  /**
   * Loads the session of the request's cookie.
   * @throws {AppError} 403 `csrf_token_invalid` for a write without the session's token.
   */
  load(request: Request, response: Response): Promise<Identity | undefined>;
  /** Starts a session under a new id, so that an id planted before the login is worth nothing; returns the CSRF token. */
  start(request: Request, response: Response, identity: Omit<Identity, 'via'>): Promise<string>;
  /** Deletes the session and its cookie. */
  end(request: Request, response: Response): Promise<void>;
  csrfToken(request: Request): string | undefined;
}

const TOUCH_AFTER_MS = 60_000;
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

const equal = (given: string | undefined, expected: string) => {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** The synchronizer token of the OWASP cheat sheet: a cookie comes by itself, a header only from our own page. */
const checkCsrf = (request: Request) => {
  const expected = request.session.csrfToken;
  if (SAFE_METHODS.includes(request.method)) return;
  // Set by the browser itself, out of reach of any page (W3C Fetch Metadata); older browsers bring the token.
  if (request.get('sec-fetch-site') === 'same-origin') return;
  if (!expected || !equal(request.get('x-csrf-token'), expected))
    throw forbidden('Writes with a session cookie need its token in X-CSRF-Token.', 'csrf_token_invalid');
};

/** Cookie sessions for browsers. The cookie is Secure exactly when PUBLIC_URL is https. */
export const createSessions = (
  redis: Redis,
  logins: Logins,
  config: Config['sessions'] & { publicUrl: string },
): Sessions => {
  const secure = config.publicUrl.startsWith('https:');
  const name = secure ? '__Host-session' : 'session';
  const middleware = session({
    name,
    secret: [...config.secrets],
    // Touching is ours, once a minute: the store's own would cost a write per request.
    store: new RedisStore({ client: redis, prefix: 'session:', disableTouch: true }),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge: config.idleSeconds * 1_000 },
  });

  const run = (request: Request, response: Response) =>
    new Promise<void>((resolve, reject) => {
      middleware(request, response, (error?: unknown) => (error ? reject(error) : resolve()));
    });

  const touch = async (request: Request, identity: Identity) => {
    const now = Date.now();
    if (now - (request.session.touchedAt ?? 0) < TOUCH_AFTER_MS) return;
    request.session.touchedAt = now; // a changed session is saved with a new time to live, and its cookie sent again
    await logins.extend(identity, config.idleSeconds);
  };

  return {
    hasCookie: (request) => request.headers.cookie?.includes(`${name}=`) ?? false,
    csrfToken: (request) => request.session?.csrfToken,
    load: async (request, response) => {
      await run(request, response);
      const { identity } = request.session;
      if (!identity) return undefined;
      checkCsrf(request);
      await touch(request, identity);
      return identity;
    },
    start: async (request, response, identity) => {
      if (secure && !request.secure)
        throw new AppError({
          code: 'https_required',
          status: 400,
          detail:
            'The session cookie needs https. Behind a proxy, it must send X-Forwarded-Proto and be trusted.',
        });
      await run(request, response);
      await new Promise<void>((resolve, reject) => {
        request.session.regenerate((error?: unknown) => (error ? reject(error) : resolve()));
      });
      const csrfToken = randomBytes(24).toString('base64url');
      const touchedAt = Date.now();
      Object.assign(request.session, { identity: { ...identity, via: 'session' }, csrfToken, touchedAt });
      return csrfToken;
    },
    end: async (request, response) => {
      await new Promise<void>((resolve, reject) => {
        request.session.destroy((error?: unknown) => (error ? reject(error) : resolve()));
      });
      response.clearCookie(name, { httpOnly: true, sameSite: 'lax', secure, path: '/' });
    },
  };
};

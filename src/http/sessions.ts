import { randomBytes, timingSafeEqual } from 'node:crypto';
import { RedisStore } from 'connect-redis';
import type { Request, Response } from 'express';
import session, { type SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
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
   * The identity of the request's cookie. One that was read before is not read again: whether it still counts is asked
   * of the login's record, as with a token.
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
/** Bound the memory of the sessions read before: 10,000 of at most 1,000 characters. */
const KNOWN_SESSIONS = 10_000;
const KNOWN_COOKIES_LENGTH = 1_000;
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

const equal = (given: string | undefined, expected: string) => {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** The synchronizer token of the OWASP cheat sheet: a cookie comes by itself, a header only from our own page. */
const checkCsrf = (request: Request, expected: string) => {
  if (SAFE_METHODS.includes(request.method)) return;
  // Set by the browser itself, out of reach of any page (W3C Fetch Metadata); older browsers bring the token.
  if (request.get('sec-fetch-site') === 'same-origin') return;
  if (!expected || !equal(request.get('x-csrf-token'), expected))
    throw forbidden('Writes with a session cookie need its token in X-CSRF-Token.', 'csrf_token_invalid');
};

type Known = Pick<SessionData, 'identity' | 'csrfToken' | 'touchedAt'>;

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

  const isFresh = (touchedAt = 0) => Date.now() - touchedAt < TOUCH_AFTER_MS;
  const touch = async (request: Request, identity: Identity) => {
    if (isFresh(request.session.touchedAt)) return;
    request.session.touchedAt = Date.now(); // changed, it is saved with a new time to live, and its cookie sent again
    await logins.extend(identity, config.idleSeconds);
  };

  // By the whole header, of which express-session has found the signature good: nothing is parsed twice.
  const known = new LRUCache<string, Known>({ max: KNOWN_SESSIONS });
  const cookiesOf = ({ headers }: Request) => headers.cookie ?? '';

  const read = async (request: Request, response: Response): Promise<Known | undefined> => {
    await run(request, response);
    const { identity, csrfToken = '' } = request.session;
    if (!identity) return undefined;
    checkCsrf(request, csrfToken);
    await touch(request, identity);
    return { identity, csrfToken, touchedAt: request.session.touchedAt ?? 0 };
  };

  return {
    hasCookie: (request) => cookiesOf(request).includes(`${name}=`),
    csrfToken: (request) => request.session?.csrfToken ?? known.get(cookiesOf(request))?.csrfToken,
    load: async (request, response) => {
      const cookies = cookiesOf(request);
      const before = known.get(cookies);
      if (before && isFresh(before.touchedAt)) {
        checkCsrf(request, before.csrfToken);
        return before.identity;
      }
      const found = await read(request, response);
      if (!found) known.delete(cookies);
      else if (cookies.length <= KNOWN_COOKIES_LENGTH) known.set(cookies, found);
      return found?.identity;
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
      if (request.session.identity) await logins.end(request.session.identity);
      await new Promise<void>((resolve, reject) => {
        request.session.regenerate((error?: unknown) => (error ? reject(error) : resolve()));
      });
      const csrfToken = randomBytes(24).toString('base64url');
      const touchedAt = Date.now();
      Object.assign(request.session, { identity: { ...identity, via: 'session' }, csrfToken, touchedAt });
      return csrfToken;
    },
    end: async (request, response) => {
      known.delete(cookiesOf(request));
      if (!request.session) await run(request, response);
      await new Promise<void>((resolve, reject) => {
        request.session.destroy((error?: unknown) => (error ? reject(error) : resolve()));
      });
      response.clearCookie(name, { httpOnly: true, sameSite: 'lax', secure, path: '/' });
    },
  };
};

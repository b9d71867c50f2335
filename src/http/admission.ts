import type { Request, Response } from 'express';
import type { Config } from '../config.ts';
import { forbidden, unauthenticated, unavailable } from '../errors.ts';
import type { Metrics } from '../infrastructure/metrics.ts';
import type { Logins } from './logins.ts';
import { addressKey, type RateLimiter } from './rate-limit.ts';
import type { Access, Identity } from './route.ts';
import type { Sessions } from './sessions.ts';
import type { Tokens } from './tokens.ts';

interface AdmissionParts {
  tokens: Tokens;
  sessions: Sessions;
  logins: Logins;
  limiter: RateLimiter;
  metrics: Metrics;
  limits: Config['rateLimits'];
}

// The expression looks at the scheme only: one that goes over the whole token costs more than all else here.
const bearerToken = ({ headers: { authorization = '' } }: Request): string | undefined =>
  /^bearer /i.test(authorization) ? authorization.slice(7).trim() : undefined;

/**
 * Builds the check that every route's request passes first: who asks, is the login still good, is the limit kept, may
 * they do it. Returns the identity; undefined on public routes.
 * @throws {AppError} 401, 403 or 429.
 */
export const createAdmission = ({ tokens, sessions, logins, limiter, metrics, limits }: AdmissionParts) => {
  const windowSeconds = limits.windowSeconds;
  const perUser = { name: 'user', limit: limits.perUser, windowSeconds };
  const perAddress = { name: 'address', limit: limits.perAddress, windowSeconds };

  const identify = async (
    request: Request,
    response: Response,
    access: Access,
  ): Promise<Identity | undefined> => {
    const token = bearerToken(request);
    if (token) return tokens.verifyAccess(token);
    // Only here does a request cost a session: never with a token, never on a public route.
    if (access !== 'public' && sessions.hasCookie(request)) return sessions.load(request, response);
    return undefined;
  };

  /** Counts the request, and with the same command looks whether its login still exists. */
  const count = async (request: Request, response: Response, identity: Identity | undefined) => {
    if (!identity) return limiter.admit(response, perAddress, addressKey(request.ip));
    return limiter.admit(response, perUser, identity.userId, logins.recordOf(identity));
  };

  return async (request: Request, response: Response, access: Access): Promise<Identity | undefined> => {
    let identity: Identity | undefined;
    let refusal: unknown;
    try {
      identity = await identify(request, response, access);
    } catch (error) {
      refusal = error; // still counted, or guessing tokens would be free
    }
    const alive = await count(request, response, identity);
    if (access === 'public') return undefined;
    if (refusal) throw refusal;
    if (!identity) throw unauthenticated();
    if (alive === false) throw unauthenticated('This login has been ended.', 'login_ended');
    if (alive === undefined && identity.via === 'session') throw unavailable('redis');
    // An access token then stays good until it expires, minutes later, so that an outage of Redis does not stop the
    // routes that need nothing else from it.
    if (alive === undefined) metrics.uncheckedLogins.inc();
    if (access !== 'user' && !access.includes(identity.role))
      throw forbidden(`This needs the role ${access.join(' or ')}.`, 'role_required');
    return identity;
  };
};

export type Admission = ReturnType<typeof createAdmission>;

import type { Request, Response } from 'express';
import { addressKey, type RateLimiter } from '../../http/rate-limit.ts';

/** @throws {AppError} 429 when this account or this address tries passwords too often. */
export type LoginGuard = (request: Request, response: Response, email: string) => Promise<void>;

/**
 * Three limits per window, each against one way of guessing: `perLogin` for one account from one address; three times
 * that for one address across accounts; ten times for one account from many addresses, wide enough that a stranger
 * cannot easily lock its owner out.
 */
export const createLoginGuard = (
  limiter: RateLimiter,
  { perLogin, windowSeconds }: { perLogin: number; windowSeconds: number },
): LoginGuard => {
  const pair = { name: 'login', limit: perLogin, windowSeconds };
  const address = { name: 'login-address', limit: perLogin * 3, windowSeconds };
  const account = { name: 'login-account', limit: perLogin * 10, windowSeconds };
  return async (request, response, email) => {
    const from = addressKey(request.ip);
    await Promise.all([
      limiter.admit(response, pair, `${email} ${from}`),
      limiter.admit(response, address, from),
      limiter.admit(response, account, email),
    ]);
  };
};

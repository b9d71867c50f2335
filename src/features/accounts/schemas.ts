import { z } from 'zod';
import { id, pageOf, text, timestamp } from '../../http/schemas.ts';

const email = z.string().trim().toLowerCase().pipe(z.email().max(254)).meta({ format: 'email' });

/** Long enough to resist guessing (NIST SP 800-63B), short enough that hashing it is no attack. */
const newPassword = z.string().min(10).max(128);
const anyPassword = z.string().min(1).max(128);

export const role = z.enum(['customer', 'staff', 'admin']);
export const credentials = z.strictObject({ email, password: anyPassword });
export const registration = z.strictObject({ email, name: text(100), password: newPassword });
export const passwordChange = z.strictObject({ currentPassword: anyPassword, newPassword });
export const refreshRequest = z.strictObject({ refreshToken: z.string().min(1).max(300) });
export const roleChange = z.strictObject({ role });

export const user = z
  .strictObject({ id, email: z.string(), name: z.string(), role, createdAt: timestamp })
  .meta({ id: 'User' });
export const identity = z.strictObject({ userId: id, role, via: z.enum(['token', 'session']) });
export const userPage = pageOf(user).meta({ id: 'UserPage' });

export const tokenPair = z
  .strictObject({
    tokenType: z.literal('Bearer'),
    accessToken: z.string(),
    expiresIn: z.int().meta({ description: 'Seconds.' }),
    refreshToken: z.string(),
  })
  .meta({ id: 'TokenPair' });

export const browserSession = z
  .strictObject({
    user,
    csrfToken: z.string().meta({ description: 'Send it as X-CSRF-Token with every write.' }),
  })
  .meta({ id: 'BrowserSession' });

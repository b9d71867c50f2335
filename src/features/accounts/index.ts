import { v7 as uuidv7 } from 'uuid';
import type { Transaction } from '../../infrastructure/database.ts';
import type { Feature, Parts } from '../feature.ts';
import { createLoginGuard } from './login-guard.ts';
import { migrations } from './migrations.ts';
import { createPasswords } from './passwords.ts';
import { createRoutes } from './routes.ts';
import { createAccountsService } from './service.ts';
import { insertUser } from './store.ts';

export const createAccounts = (parts: Parts): Feature => {
  const { config, sessions, limiter } = parts;
  const { accessSeconds, refreshSeconds } = config.tokens;
  const passwords = createPasswords(config.passwords.hashConcurrency);
  const accounts = createAccountsService({ ...parts, passwords, accessSeconds, refreshSeconds });
  const guard = createLoginGuard(limiter, config.rateLimits);

  /** The first administrator; there is no other way to become one than by another's hand. */
  const prepare = async (transaction: Transaction) => {
    const { adminEmail, adminPassword } = config.seed;
    if (!adminEmail || !adminPassword) return;
    const passwordHash = await passwords.hash(adminPassword);
    const admin = {
      id: uuidv7(),
      email: adminEmail.toLowerCase(),
      name: 'Administrator',
      role: 'admin' as const,
    };
    await insertUser(transaction, { ...admin, passwordHash });
  };

  return {
    name: 'accounts',
    description: 'Who is who: registration, logins, roles.',
    routes: createRoutes({ accounts, sessions, guard, sessionSeconds: config.sessions.idleSeconds }),
    schema: { name: 'accounts', migrations, prepare },
  };
};

import { v7 as uuidv7 } from 'uuid';
import { offer } from '../../http/contracts/contract.ts';
import type { Transaction } from '../../infrastructure/database.ts';
import { createOutbox } from '../../infrastructure/outbox.ts';
import { cleanUpHourly } from '../clean-up.ts';
import type { Feature, Parts } from '../feature.ts';
import { type AccountsContract, accountsContract } from './contract.ts';
import { createLoginGuard } from './login-guard.ts';
import { migrations } from './migrations.ts';
import { createNewsletter } from './newsletter.ts';
import { createNewsletterRoutes } from './newsletter-routes.ts';
import { createPasswords } from './passwords.ts';
import { createRoutes } from './routes.ts';
import { createAccountsService } from './service.ts';
import { insertUser } from './store.ts';

export const createAccounts = (parts: Parts): Feature & { calls: AccountsContract } => {
  const { config, sessions, limiter } = parts;
  const { accessSeconds, refreshSeconds } = config.tokens;
  const passwords = createPasswords(config.passwords.hashConcurrency);
  const accounts = createAccountsService({ ...parts, passwords, accessSeconds, refreshSeconds });
  const newsletter = createNewsletter({ ...parts, outbox: createOutbox('accounts', parts.redis) });
  const guard = createLoginGuard(limiter, config.rateLimits);
  const sessionSeconds = config.sessions.idleSeconds;

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

  const calls: AccountsContract = {
    findAccount: async (id) => {
      const { email, name } = await accounts.find(id);
      return { id, email, name };
    },
  };
  return {
    name: 'accounts',
    description: 'Who is who: registration, logins, roles, newsletters.',
    routes: [
      ...createRoutes({ accounts, sessions, guard, sessionSeconds }),
      ...createNewsletterRoutes(newsletter),
    ],
    schema: { name: 'accounts', migrations, prepare },
    jobs: newsletter.jobs,
    schedules: [cleanUpHourly('accounts')],
    offers: [offer(accountsContract, calls)],
    calls,
  };
};

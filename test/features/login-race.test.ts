import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createPasswords } from '../../src/features/accounts/passwords.ts';
import { createAccountsService } from '../../src/features/accounts/service.ts';
import { createLogins } from '../../src/http/logins.ts';
import { createTokens } from '../../src/http/tokens.ts';
import { createDatabase, type Database } from '../../src/infrastructure/database.ts';
import { createLogger } from '../../src/infrastructure/logger.ts';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { createLogs } from '../support/logs.ts';
import { PASSWORD, register } from '../support/people.ts';

let cinema: Cinema;
let database: Database;

before(async () => {
  cinema = await openCinema();
  database = createDatabase({ ...cinema.at(0).config.database, poolSize: 2 }, silent);
});
after(async () => {
  await database.close();
  await cinema.close();
});

const silent = createLogger({ level: 'silent', instance: 'test' }, createLogs());

/** The service as an instance has it, except that something happens between the check of the password and the login. */
const serviceInterruptedBy = (event: () => Promise<unknown>) => {
  const { tokens } = cinema.at(0).config;
  const real = createPasswords(1);
  let interrupted = false;
  const matches = async (hash: string | undefined, password: string) => {
    const result = await real.matches(hash, password);
    if (!interrupted) {
      interrupted = true;
      await event();
    }
    return result;
  };
  return createAccountsService({
    database,
    logins: createLogins(cinema.redis, { refreshSeconds: 600, graceSeconds: 0 }),
    tokens: createTokens(tokens),
    passwords: { ...real, matches },
    logger: silent,
    accessSeconds: 600,
    refreshSeconds: 600,
  });
};

const loginsOf = (userId: string) => cinema.redis.zcard(`logins:{${userId}}`);

test('a login with the old password, overtaken by its change, is refused and leaves nothing behind', async () => {
  const { id, email } = await register(cinema.at(0));
  const service = serviceInterruptedBy(() => service.changePassword(id, PASSWORD, 'a better battery staple'));
  await assert.rejects(service.logIn(email, PASSWORD), /wrong_credentials/);
  assert.equal(await loginsOf(id), 0);
});

test('a login that is overtaken by a change of role does not get the old role', async () => {
  const { id, email } = await register(cinema.at(0));
  const service = serviceInterruptedBy(() => service.setRole(id, 'staff'));
  await assert.rejects(service.logIn(email, PASSWORD), /wrong_credentials/);
  assert.equal(await loginsOf(id), 0);
});

test('a login that nothing overtakes succeeds, so the refusals above have no other cause', async () => {
  const { id, email } = await register(cinema.at(0));
  await serviceInterruptedBy(async () => {}).logIn(email, PASSWORD);
  assert.equal(await loginsOf(id), 1);
});

import { v7 as uuidv7 } from 'uuid';
import { conflict, notFound, unauthenticated } from '../../errors.ts';
import type { Logins } from '../../http/logins.ts';
import type { Identity, Role } from '../../http/route.ts';
import type { Tokens } from '../../http/tokens.ts';
import type { Database, Queryable } from '../../infrastructure/database.ts';
import type { Logger } from '../../infrastructure/logger.ts';
import type { Passwords } from './passwords.ts';
import * as store from './store.ts';

interface AccountsParts {
  database: Database;
  logins: Logins;
  tokens: Tokens;
  passwords: Passwords;
  logger: Logger;
  accessSeconds: number;
  refreshSeconds: number;
}

export interface TokenPair {
  tokenType: 'Bearer';
  accessToken: string;
  /** Seconds that the access token is good for from its making. */
  expiresIn: number;
  refreshToken: string;
}

type Login = Omit<Identity, 'via'>;

const wrongCredentials = () => unauthenticated('E-mail or password is wrong.', 'wrong_credentials');

/** The rules of accounts: who is who, and what makes and ends a login. */
export const createAccountsService = (parts: AccountsParts) => {
  const { database, logins, tokens, passwords, logger } = parts;

  const toPair = (login: Login, generation: number, issuedAtMs: number): TokenPair => ({
    tokenType: 'Bearer',
    accessToken: tokens.signAccess(login, issuedAtMs),
    expiresIn: parts.accessSeconds,
    refreshToken: tokens.signRefresh({ userId: login.userId, loginId: login.loginId, generation }),
  });

  const authenticate = async (email: string, password: string): Promise<store.UserWithHash> => {
    const user = await store.findByEmail(database, email);
    if (!(await passwords.matches(user?.passwordHash, password)) || !user) throw wrongCredentials();
    return user;
  };

  /** Looks at the account again once the login exists: whoever changed it meanwhile has not seen this login to end it. */
  const begin = async (user: store.UserWithHash, seconds: number): Promise<Login> => {
    const login = { userId: user.id, loginId: uuidv7(), role: user.role };
    await logins.create(login, seconds);
    const now = await store.findById(database, user.id);
    if (now?.passwordHash === user.passwordHash && now.role === user.role) return login;
    await logins.end(login);
    throw wrongCredentials();
  };

  /** Changes the account and ends its logins, both or neither; the second ending is for logins made until the commit. */
  const changeAndEndLogins = async <T>(id: string, change: (db: Queryable) => Promise<T>): Promise<T> => {
    const changed = await database.transaction(async (transaction) => {
      const result = await change(transaction);
      await logins.endAll(id);
      return result;
    });
    await logins.endAll(id);
    return changed;
  };

  return {
    hashPassword: passwords.hash,

    /** @throws {AppError} 409 `email_taken`. */
    register: async (
      db: Queryable,
      input: { email: string; name: string; role: Role; passwordHash: string },
    ) => {
      const user = await store.insertUser(db, { id: uuidv7(), ...input });
      if (!user) throw conflict('email_taken', 'There is an account with this e-mail address.');
      return user;
    },

    /** Gives an API client its tokens. @throws {AppError} 401 `wrong_credentials`. */
    logIn: async (email: string, password: string): Promise<TokenPair> =>
      toPair(await begin(await authenticate(email, password), parts.refreshSeconds), 0, Date.now()),

    /** Makes the login of a browser session that lasts `seconds` unless extended. @throws {AppError} 401. */
    logInBrowser: async (email: string, password: string, seconds: number) => {
      const user = await authenticate(email, password);
      return { user, login: await begin(user, seconds) };
    },

    /** Exchanges a refresh token for the next pair. @throws {AppError} 401; a reused token has ended its login. */
    refresh: async (refreshToken: string): Promise<TokenPair> => {
      const { userId, loginId, generation } = tokens.verifyRefresh(refreshToken);
      const rotation = await logins.rotate({ userId, loginId }, generation);
      if (rotation.outcome === 'unknown') throw unauthenticated('This login has been ended.', 'login_ended');
      if (rotation.outcome === 'reused') {
        logger.warn({ userId, loginId }, 'a replaced refresh token came again: login ended');
        throw unauthenticated('This refresh token was replaced; its login is ended.', 'refresh_token_reused');
      }
      return toPair({ userId, loginId, role: rotation.role }, rotation.generation, rotation.rotatedAtMs);
    },

    logOut: (identity: Identity) => logins.end(identity),
    logOutEverywhere: (identity: Identity) => logins.endAll(identity.userId),

    /** @throws {AppError} 404 when the account was deleted behind a login. */
    find: async (id: string): Promise<store.User> => {
      const user = await store.findById(database, id);
      if (!user) throw notFound('account');
      return user;
    },

    /** Ends every login of the account, this one too. @throws {AppError} 401 `wrong_credentials`. */
    changePassword: async (id: string, current: string, next: string): Promise<void> => {
      const user = await store.findById(database, id);
      if (!(await passwords.matches(user?.passwordHash, current))) throw wrongCredentials();
      const passwordHash = await passwords.hash(next);
      await changeAndEndLogins(id, (db) => store.updatePassword(db, id, passwordHash));
    },

    /** Ends the account's logins, as its tokens name the old role. @throws {AppError} 404. */
    setRole: (id: string, role: Role): Promise<store.User> =>
      changeAndEndLogins(id, async (db) => {
        const user = await store.updateRole(db, id, role);
        if (!user) throw notFound('account');
        return user;
      }),

    list: (after: string | undefined, limit: number) => store.listUsers(database, after, limit),
  };
};

export type AccountsService = ReturnType<typeof createAccountsService>;

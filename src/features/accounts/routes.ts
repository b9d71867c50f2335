import { unauthenticated } from '../../errors.ts';
import { created, noContent, ok, type Route, route } from '../../http/route.ts';
import { byId, id, pageQuery, readCursor, toPage } from '../../http/schemas.ts';
import type { Sessions } from '../../http/sessions.ts';
import type { LoginGuard } from './login-guard.ts';
import * as schemas from './schemas.ts';
import type { AccountsService } from './service.ts';
import type { User } from './store.ts';

interface RouteParts {
  accounts: AccountsService;
  sessions: Sessions;
  guard: LoginGuard;
  sessionSeconds: number;
}

const toReply = ({ id, email, name, role, createdAt }: User) => ({ id, email, name, role, createdAt });

const wrongCredentials = { 401: ['wrong_credentials'], 429: ['rate_limited'], 503: ['logins_busy'] };

export const createRoutes = ({ accounts, sessions, guard, sessionSeconds }: RouteParts): Route[] => [
  route({
    method: 'post',
    path: '/',
    summary: 'Register a customer',
    access: 'public',
    creates: true,
    body: schemas.registration,
    replies: { 201: schemas.user },
    problems: { 409: ['email_taken'] },
    handle: async ({ body, once, http }) => {
      await guard(http.request, http.response, body.email);
      // Before the transaction: 20 ms of hashing must not hold a connection.
      const passwordHash = await accounts.hashPassword(body.password);
      return once(async (transaction) => {
        const { email, name } = body;
        const user = await accounts.register(transaction, { email, name, role: 'customer', passwordHash });
        return created(toReply(user), '/v1/accounts/me');
      });
    },
  }),
  route({
    method: 'post',
    path: '/login',
    summary: 'Log in an API client: get an access and a refresh token',
    access: 'public',
    body: schemas.credentials,
    replies: { 200: schemas.tokenPair },
    problems: wrongCredentials,
    handle: async ({ body, http }) => {
      await guard(http.request, http.response, body.email);
      return ok(await accounts.logIn(body.email, body.password));
    },
  }),
  route({
    method: 'post',
    path: '/refresh',
    summary: 'Exchange a refresh token for the next pair',
    access: 'public',
    body: schemas.refreshRequest,
    replies: { 200: schemas.tokenPair },
    problems: { 401: ['invalid_refresh_token', 'refresh_token_reused', 'login_ended'] },
    handle: async ({ body }) => ok(await accounts.refresh(body.refreshToken)),
  }),
  route({
    method: 'post',
    path: '/session',
    summary: 'Log in a browser: get a session cookie and its CSRF token',
    access: 'public',
    body: schemas.credentials,
    replies: { 200: schemas.browserSession },
    problems: wrongCredentials,
    handle: async ({ body, http: { request, response } }) => {
      await guard(request, response, body.email);
      const { user, login } = await accounts.logInBrowser(body.email, body.password, sessionSeconds);
      const csrfToken = await sessions.start(request, response, login);
      return ok({ user: toReply(user), csrfToken });
    },
  }),
  route({
    method: 'get',
    path: '/session',
    summary: 'Who is logged in by the session cookie, and the CSRF token for writes',
    access: 'user',
    replies: { 200: schemas.browserSession },
    handle: async ({ identity, http }) => {
      const csrfToken = sessions.csrfToken(http.request);
      if (!csrfToken) throw unauthenticated('There is no session cookie.');
      return ok({ user: toReply(await accounts.find(identity.userId)), csrfToken });
    },
  }),
  route({
    method: 'get',
    path: '/me',
    summary: 'The account of the caller',
    access: 'user',
    replies: { 200: schemas.user },
    handle: async ({ identity }) => ok(toReply(await accounts.find(identity.userId))),
  }),
  route({
    method: 'get',
    path: '/identity',
    summary: 'Who the caller is by the token or session alone; asks no database',
    access: 'user',
    replies: { 200: schemas.identity },
    handle: async ({ identity: { userId, role, via } }) => ok({ userId, role, via }),
  }),
  route({
    method: 'post',
    path: '/logout',
    summary: 'End this login on every instance',
    access: 'user',
    replies: { 204: null },
    handle: async ({ identity, http: { request, response } }) => {
      await accounts.logOut(identity);
      if (identity.via === 'session') await sessions.end(request, response);
      return noContent;
    },
  }),
  route({
    method: 'post',
    path: '/logout-everywhere',
    summary: 'End every login of the account',
    access: 'user',
    replies: { 204: null },
    handle: async ({ identity, http: { request, response } }) => {
      await accounts.logOutEverywhere(identity);
      if (identity.via === 'session') await sessions.end(request, response);
      return noContent;
    },
  }),
  route({
    method: 'put',
    path: '/password',
    summary: 'Change the password; ends every login of the account',
    access: 'user',
    body: schemas.passwordChange,
    replies: { 204: null },
    problems: { 401: ['wrong_credentials'] },
    handle: async ({ identity, body }) => {
      await accounts.changePassword(identity.userId, body.currentPassword, body.newPassword);
      return noContent;
    },
  }),
  route({
    method: 'get',
    path: '/',
    summary: 'All accounts, oldest first',
    access: ['admin'],
    query: pageQuery,
    replies: { 200: schemas.userPage },
    handle: async ({ query: { limit, cursor } }) => {
      const [after] = readCursor(cursor, [id]) ?? [];
      const users = await accounts.list(after, limit + 1);
      return ok(toPage(users.map(toReply), limit, (user) => [user.id]));
    },
  }),
  route({
    method: 'put',
    path: '/:id/role',
    summary: 'Give an account a role; ends its logins',
    access: ['admin'],
    params: byId,
    body: schemas.roleChange,
    replies: { 200: schemas.user },
    problems: { 404: ['not_found'] },
    handle: async ({ params, body }) => ok(toReply(await accounts.setRole(params.id, body.role))),
  }),
];

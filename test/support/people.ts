import { randomUUID } from 'node:crypto';
import supertest from 'supertest';
import type { Role } from '../../src/http/route.ts';
import type { Cinema, Instance } from './cinema.ts';

export const PASSWORD = 'correct horse battery staple';

export interface Person {
  id: string;
  email: string;
  accessToken: string;
  refreshToken: string;
  /** The header that says who asks, for supertest's `.set` and for fetch. */
  auth: { Authorization: string };
}

export const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
export const uniqueEmail = () => `${randomUUID()}@example.org`;

export const register = async ({ url }: Instance, email = uniqueEmail()) => {
  const reply = await supertest(url)
    .post('/v1/accounts')
    .send({ email, name: 'Ada', password: PASSWORD })
    .expect(201);
  return { id: reply.body.id as string, email };
};

export const logIn = async ({ url }: Instance, email: string, password = PASSWORD) => {
  const { body } = await supertest(url).post('/v1/accounts/login').send({ email, password }).expect(200);
  const { accessToken, refreshToken } = body as { accessToken: string; refreshToken: string };
  return { accessToken, refreshToken, auth: bearer(accessToken) };
};

export const registerAndLogIn = async (instance: Instance): Promise<Person> => {
  const { id, email } = await register(instance);
  return { id, email, ...(await logIn(instance, email)) };
};

/** Several customers, logged in. */
export const registerMany = (cinema: Cinema, count: number): Promise<Person[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => registerAndLogIn(cinema.at(index))));

/** Somebody with a role that no route gives to a newcomer. */
export const makeStaff = async (cinema: Cinema, role: Role = 'staff'): Promise<Person> => {
  const { id, email } = await register(cinema.at(0));
  await cinema.database.query('update accounts.users set role = $2 where id = $1', [id, role]);
  return { id, email, ...(await logIn(cinema.at(0), email)) };
};

export interface BrowserSession {
  cookie: string;
  csrfToken: string;
  /** Both, as a browser's page sends them with a write. */
  headers: { Cookie: string; 'X-CSRF-Token': string };
}

/** The `name=value` of the reply's cookies, as a browser sends them back. */
export const cookieOf = (headers: Record<string, unknown>): string =>
  ((headers['set-cookie'] ?? []) as string[]).map((cookie) => cookie.split(';')[0]).join('; ');

export const openSession = async (
  { url }: Instance,
  email: string,
  extra: Record<string, string> = {},
): Promise<BrowserSession> => {
  const reply = await supertest(url)
    .post('/v1/accounts/session')
    .set(extra)
    .send({ email, password: PASSWORD })
    .expect(200);
  const [cookie, csrfToken] = [cookieOf(reply.headers), reply.body.csrfToken as string];
  return { cookie, csrfToken, headers: { Cookie: cookie, 'X-CSRF-Token': csrfToken } };
};

import { randomUUID } from 'node:crypto';
import type { Visitor } from '../generator/visitor.ts';

export interface Admin {
  email: string;
  password: string;
}

export interface Customer {
  email: string;
  token: string;
}

/** Who may log in. */
export interface People {
  password: string;
  customers: Customer[];
}

const PASSWORD = 'a password of the load test';

export const logInAs = async (visitor: Visitor, email: string, password: string): Promise<string> => {
  const json = { email, password };
  return (await visitor.call({ name: 'POST /v1/accounts/login', json })).body.accessToken;
};

const register = async (visitor: Visitor): Promise<Customer> => {
  const email = `${randomUUID()}@load.example.test`;
  const json = { email, name: 'Load test', password: PASSWORD };
  await visitor.call({ name: 'POST /v1/accounts', json, expects: [201] });
  return { email, token: await logInAs(visitor, email, PASSWORD) };
};

/** Registers them through the public API, one after the other. */
export const registerPeople = async (visitor: Visitor, count: number): Promise<People> => {
  const people: People = { password: PASSWORD, customers: [] };
  for (let made = 0; made < count; made += 1) people.customers.push(await register(visitor));
  return people;
};

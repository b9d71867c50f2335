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

/** What visitors find: people who may log in, screenings with free seats, a product that does not run out. */
export interface World {
  password: string;
  customers: Customer[];
  screenings: string[];
  productId: string;
}

export interface Needs {
  customers: number;
  seats: number;
}

/** A usual auditorium. Half of its seats are sold when visitors begin to fight for the rest; then they go on to another. */
export const ROWS = 12;
export const SEATS_PER_ROW = 20;
const SELLABLE = (ROWS * SEATS_PER_ROW) / 2;
const PASSWORD = 'a password of the load test';

const createdBy = async (visitor: Visitor, token: string, name: string, json: unknown) =>
  (await visitor.call({ name, token, json, expects: [201] })).body.id as string;

const logIn = async (visitor: Visitor, email: string, password: string): Promise<string> => {
  const json = { email, password };
  return (await visitor.call({ name: 'POST /v1/accounts/login', json })).body.accessToken;
};

const register = async (visitor: Visitor): Promise<Customer> => {
  const email = `${randomUUID()}@load.example.test`;
  const json = { email, name: 'Load test', password: PASSWORD };
  await visitor.call({ name: 'POST /v1/accounts', json, expects: [201] });
  return { email, token: await logIn(visitor, email, PASSWORD) };
};

const addScreening = (visitor: Visitor, token: string, movieId: string) =>
  createdBy(visitor, token, 'POST /v1/catalog/screenings', {
    movieId,
    auditorium: `Load test ${randomUUID()}`,
    startsAt: new Date(Date.now() + 86_400_000).toISOString(),
    rows: ROWS,
    seatsPerRow: SEATS_PER_ROW,
    priceCents: 900,
  });

/** Makes it through the public API, one request after the other. */
export const prepareWorld = async (visitor: Visitor, admin: Admin, needs: Needs): Promise<World> => {
  const token = await logIn(visitor, admin.email, admin.password);
  const movie = { title: 'Load test', description: 'Made by npm run load.', minutes: 90 };
  const movieId = await createdBy(visitor, token, 'POST /v1/catalog/movies', movie);
  const product = { name: `Load test ${randomUUID()}`, priceCents: 300, stock: 1_000_000 };
  const productId = await createdBy(visitor, token, 'POST /v1/grocery/products', product);
  const world: World = { password: PASSWORD, customers: [], screenings: [], productId };
  for (let made = 0; made < needs.customers; made += 1) world.customers.push(await register(visitor));
  for (let seats = 0; seats <= needs.seats; seats += SELLABLE)
    world.screenings.push(await addScreening(visitor, token, movieId));
  return world;
};

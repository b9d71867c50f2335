import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type Answer, type Client, callPatiently } from './client.ts';
import { readSecrets } from './stack.ts';

const password = 'a-long-enough-password';

const created = (answer: Answer) => {
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
};

const logIn = async (client: Client, email: string, secret: string): Promise<string> => {
  const body = { email, password: secret };
  const send = () => client.call('/v1/accounts/login', { method: 'POST', body });
  const { answer } = await callPatiently(send, [503]);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.accessToken;
};

export const register = async (client: Client) => {
  const email = `${randomUUID()}@example.test`;
  const body = { email, name: 'Somebody', password };
  const send = () => client.call('/v1/accounts', { method: 'POST', body });
  const { answer } = await callPatiently(send, [503]);
  return { email, password, user: created(answer), registration: answer };
};

/** The access token of a new customer. */
export const newCustomer = async (client: Client): Promise<string> => {
  const { email } = await register(client);
  return logIn(client, email, password);
};

export const newCustomers = (client: Client, count: number): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, () => newCustomer(client)));

export const logInAdmin = async (client: Client): Promise<string> => {
  const { ADMIN_EMAIL = '', ADMIN_PASSWORD = '' } = await readSecrets();
  return logIn(client, ADMIN_EMAIL, ADMIN_PASSWORD);
};

/** What is made at that path; with a key, as replicas may be dying meanwhile. */
const create = async (client: Client, token: string, path: string, body: object) => {
  const headers = { 'Idempotency-Key': randomUUID() };
  return created(await client.call(path, { method: 'POST', token, headers, body }));
};

export const addProduct = async (client: Client, token: string, stock: number): Promise<string> => {
  const body = { name: `Product ${randomUUID()}`, priceCents: 100, stock };
  return (await create(client, token, '/v1/grocery/products', body)).id;
};

export const stockOf = async (client: Client, productId: string): Promise<number> => {
  for (let cursor = ''; ; ) {
    const { json } = await client.call(`/v1/grocery/products?limit=100${cursor}`);
    const product = json.items.find((item: { id: string }) => item.id === productId);
    if (product) return product.stock;
    assert.ok(json.nextCursor, `product ${productId} is in no list`);
    cursor = `&cursor=${json.nextCursor}`;
  }
};

// The largest auditorium that there can be.
const [ROWS, SEATS_PER_ROW] = [26, 99];
export const SEATS = ROWS * SEATS_PER_ROW;

/** A screening with {@link SEATS}. */
export const addScreening = async (client: Client, token: string): Promise<string> => {
  const movieBody = { title: 'A test', description: 'Of the whole', minutes: 90 };
  const movie = await create(client, token, '/v1/catalog/movies', movieBody);
  const startsAt = new Date(Date.now() + 86_400_000).toISOString();
  const place = { auditorium: randomUUID(), rows: ROWS, seatsPerRow: SEATS_PER_ROW, priceCents: 900 };
  const body = { movieId: movie.id, startsAt, ...place };
  return (await create(client, token, '/v1/catalog/screenings', body)).id;
};

export const soldSeats = async (client: Client, screeningId: string): Promise<string[]> => {
  const { json } = await client.call(`/v1/tickets/screenings/${screeningId}/seats`);
  return json.seats.filter(({ sold }: { sold: boolean }) => sold).map(({ seat }: { seat: string }) => seat);
};

export const seatName = (index: number): string =>
  `${String.fromCharCode('A'.charCodeAt(0) + Math.floor(index / SEATS_PER_ROW))}${(index % SEATS_PER_ROW) + 1}`;

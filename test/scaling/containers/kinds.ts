import { randomUUID } from 'node:crypto';
import { addScreening, SEATS, seatName } from './cinema.ts';
import type { Client } from './client.ts';
import type { Kind } from './load.ts';

/** The kinds of requests that a load is mixed of; the customers take turns. */
export const createKinds = (client: Client, customers: string[]) => {
  const tokenFor = (turn: number) => customers[turn % customers.length];

  const gets = (): Kind[] => [
    {
      name: 'GET me',
      expects: 200,
      send: (turn) => client.call('/v1/accounts/me', { token: tokenFor(turn) }),
    },
    {
      name: 'GET movies',
      expects: 200,
      send: (turn) => client.call('/v1/catalog/movies', { token: tokenFor(turn) }),
    },
  ];

  const order = (name: string, productId: string, keyed: boolean): Kind => {
    const keys = new Map<number, string>(); // a retry after 409 must bring the same key
    return {
      name,
      expects: 201,
      send: (turn) => {
        if (!keys.has(turn)) keys.set(turn, randomUUID());
        const headers: Record<string, string> = keyed ? { 'Idempotency-Key': keys.get(turn) ?? '' } : {};
        const body = { items: [{ productId, quantity: 1 }] };
        return client.call('/v1/grocery/orders', { method: 'POST', token: tokenFor(turn), headers, body });
      },
    };
  };

  /** Buys a seat that nobody else asks for; the seat is the key too. A slow machine's load outlasts one screening. */
  const purchase = (name: string, admin: string, bought: string[] = []): Kind => {
    const seats = new Map<number, number>();
    const screenings: Promise<string>[] = [];
    const screeningOf = (index: number) => {
      const number = Math.floor(index / SEATS);
      screenings[number] ??= addScreening(client, admin);
      return screenings[number];
    };
    return {
      name,
      expects: 201,
      send: async (turn) => {
        if (!seats.has(turn)) seats.set(turn, seats.size);
        const index = seats.get(turn) ?? 0;
        const screeningId = await screeningOf(index);
        const seat = seatName(index % SEATS);
        const headers = { 'Idempotency-Key': `${screeningId}-${seat}` };
        const body = { screeningId, seats: [seat] };
        return client.call('/v1/tickets/purchases', { method: 'POST', token: tokenFor(turn), headers, body });
      },
      onDone: ({ json }) => bought.push(`${json.screeningId} ${json.seats[0]}`),
    };
  };

  return { gets, order, purchase };
};

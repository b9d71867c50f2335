import { v5 as uuidv5 } from 'uuid';
import type { Transaction } from '../../infrastructure/database.ts';

/** Ids made of names, so that every deployment finds its sample rows again. */
const NAMESPACE = '6f0f7a52-4b1c-4a53-9a35-0f3b8f3a7d11';
const sampleId = (name: string) => uuidv5(name, NAMESPACE);

const MOVIES = [
  { title: 'The Balancer', description: 'She gave everyone the same number of requests.', minutes: 104 },
  { title: 'Stateless', description: 'He remembers nothing, and so he can be anyone.', minutes: 117 },
  { title: 'Exactly Once', description: 'They said it could not be done twice.', minutes: 96 },
];

/** A screening of each movie at each full fourth hour of the next week, counted from the deployment. */
export const seed = async (transaction: Transaction): Promise<void> => {
  for (const [index, { title, description, minutes }] of MOVIES.entries()) {
    const id = sampleId(title);
    await transaction.query(
      'insert into catalog.movies (id, title, description, minutes) values ($1, $2, $3, $4) on conflict do nothing',
      [id, title, description, minutes],
    );
    await transaction.query(
      `insert into catalog.screenings (id, movie_id, auditorium, starts_at, rows, seats_per_row, price_cents)
       select gen_random_uuid(), $1, $2, starts_at, 8, 12, 1200
       from generate_series(date_trunc('day', now()) + interval '1 day', now() + interval '8 days', interval '4 hours') starts_at
       on conflict do nothing`,
      [id, `Hall ${index + 1}`],
    );
  }
};

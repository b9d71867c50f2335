import type { Queryable } from '../../../../src/infrastructure/database.ts';
import type { Thing } from './contract.ts';

/** Undefined when this user has one of that name. */
export const insertThing = async (
  db: Queryable,
  userId: string,
  thing: Thing,
): Promise<Thing | undefined> => {
  const [inserted] = await db.query<Thing>(
    `insert into things.things (id, user_id, name) values ($1, $2, $3)
     on conflict (user_id, name) do nothing returning id, name`,
    [thing.id, userId, thing.name],
  );
  return inserted;
};

/** Undefined when there is none, or, given a user, when it is another's. */
export const findThing = async (db: Queryable, id: string, userId?: string): Promise<Thing | undefined> => {
  const [thing] = await db.query<Thing>(
    'select id, name from things.things where id = $1 and ($2::uuid is null or user_id = $2)',
    [id, userId],
  );
  return thing;
};

/** The user's, the newest first; those before the one with id `before`. */
export const listThings = (
  db: Queryable,
  userId: string,
  before: string | undefined,
  limit: number,
): Promise<Thing[]> =>
  db.query<Thing>(
    `select id, name from things.things
     where user_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`,
    [userId, before, limit],
  );

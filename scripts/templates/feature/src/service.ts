import { v7 as uuidv7 } from 'uuid';
import { conflict, notFound } from '../../../../src/errors.ts';
import type { Database, Queryable } from '../../../../src/infrastructure/database.ts';
import type { Thing } from './contract.ts';
import * as store from './store.ts';

/** The rules of things: each belongs to one user, who gives a name once. */
export const createThingsService = (database: Database) => ({
  list: (userId: string, before: string | undefined, limit: number) =>
    store.listThings(database, userId, before, limit),

  /** Only the user's own, when one is named. @throws {AppError} 404. */
  find: async (id: string, userId?: string): Promise<Thing> => {
    const thing = await store.findThing(database, id, userId);
    if (!thing) throw notFound('thing');
    return thing;
  },

  /** @throws {AppError} 409 `thing_exists`. */
  add: async (db: Queryable, userId: string, input: { name: string }): Promise<Thing> => {
    const thing = await store.insertThing(db, userId, { id: uuidv7(), ...input });
    if (!thing) throw conflict('thing_exists', 'There is one of this name.');
    return thing;
  },
});

export type ThingsService = ReturnType<typeof createThingsService>;

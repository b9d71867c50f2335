import { v7 as uuidv7 } from 'uuid';
import { conflict, notFound } from '../../errors.ts';
import type { Database, Queryable } from '../../infrastructure/database.ts';
import type { Outbox } from '../../infrastructure/outbox.ts';
import { type Screening, screeningCancelled } from './contract.ts';
import * as store from './store.ts';

/** The rules of the catalog: what is shown, where and when. */
export const createCatalogService = (database: Database, outbox: Outbox) => {
  const findMovie = async (id: string): Promise<store.Movie> => {
    const movie = await store.findMovie(database, id);
    if (!movie) throw notFound('movie');
    return movie;
  };

  const findScreening = async (id: string): Promise<Screening> => {
    const screening = await store.findScreening(database, id);
    if (!screening) throw notFound('screening');
    return screening;
  };

  return {
    findMovie,
    findScreening,
    listMovies: (after: string | undefined, limit: number) => store.listMovies(database, after, limit),
    listScreenings: (filter: store.ScreeningFilter) => store.listScreenings(database, filter),

    addMovie: async (db: Queryable, input: Omit<store.Movie, 'id'>): Promise<store.Movie> => {
      const movie = { id: uuidv7(), ...input };
      await store.insertMovie(db, movie);
      return movie;
    },

    /** @throws {AppError} 404. */
    changeMovie: async (movie: store.Movie): Promise<store.Movie> => {
      if (!(await store.updateMovie(database, movie))) throw notFound('movie');
      return movie;
    },

    /** @throws {AppError} 404 for the movie, 409 `auditorium_taken`. */
    addScreening: async (db: Queryable, input: Omit<Screening, 'id' | 'cancelledAt'>): Promise<Screening> => {
      if (!(await store.findMovie(db, input.movieId))) throw notFound('movie');
      const screening = await store.insertScreening(db, { id: uuidv7(), ...input });
      if (!screening)
        throw conflict('auditorium_taken', 'Another screening starts in this auditorium at that time.');
      return screening;
    },

    /** Calls it off and tells whoever sold for it; repeating it changes nothing. @throws {AppError} 404, 409 `screening_started`. */
    cancelScreening: async (id: string): Promise<Screening> => {
      const cancelled = await database.transaction(async (transaction) => {
        const screening = await store.cancelScreening(transaction, id);
        if (screening) {
          const { rows, seatsPerRow } = screening;
          outbox.enqueue(transaction, screeningCancelled, { screeningId: id, rows, seatsPerRow });
        }
        return screening;
      });
      const screening = cancelled ?? (await findScreening(id));
      if (!screening.cancelledAt) throw conflict('screening_started', 'The screening has started.');
      return screening;
    },
  };
};

export type CatalogService = ReturnType<typeof createCatalogService>;

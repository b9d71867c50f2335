import { v7 as uuidv7 } from 'uuid';
import { conflict, notFound } from '../../errors.ts';
import type { Database, Queryable } from '../../infrastructure/database.ts';
import type { Screening } from './contract.ts';
import * as store from './store.ts';

/** The rules of the catalog: what is shown, where and when. */
export const createCatalogService = (database: Database) => {
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
    addScreening: async (db: Queryable, input: Omit<Screening, 'id'>): Promise<Screening> => {
      if (!(await store.findMovie(db, input.movieId))) throw notFound('movie');
      const screening = await store.insertScreening(db, { id: uuidv7(), ...input });
      if (!screening)
        throw conflict('auditorium_taken', 'Another screening starts in this auditorium at that time.');
      return screening;
    },
  };
};

export type CatalogService = ReturnType<typeof createCatalogService>;

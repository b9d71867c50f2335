import { api, dataOf, type Schemas } from './api.ts';

const LARGEST_PAGE = 100;

export const listMovies = () =>
  dataOf(api.GET('/v1/catalog/movies', { params: { query: { limit: LARGEST_PAGE } } }));

/** The next ones, the soonest first. */
export const listScreenings = (movieId?: string, cursor?: string) => {
  const query = { limit: LARGEST_PAGE, ...(movieId && { movieId }), ...(cursor && { cursor }) };
  return dataOf(api.GET('/v1/catalog/screenings', { params: { query } }));
};

export const findMovie = (id: string) =>
  dataOf(api.GET('/v1/catalog/movies/{id}', { params: { path: { id } } }));

export interface Showing {
  screening: Schemas['Screening'];
  movie: Schemas['Movie'];
}

export const findShowing = async (id: string): Promise<Showing> => {
  const screening = await dataOf(api.GET('/v1/catalog/screenings/{id}', { params: { path: { id } } }));
  return { screening, movie: await findMovie(screening.movieId) };
};

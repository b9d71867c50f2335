import { z } from 'zod';
import { cents, futureTime, id, pageOf, pageQuery, text, timestamp } from '../../http/schemas.ts';

export const movieInput = z.strictObject({
  title: text(200),
  description: text(2_000),
  minutes: z.int().min(1).max(1_000),
});
export const movie = movieInput.extend({ id }).meta({ id: 'Movie' });
export const moviePage = pageOf(movie).meta({ id: 'MoviePage' });

export const screeningInput = z.strictObject({
  movieId: id,
  auditorium: text(50),
  startsAt: futureTime,
  rows: z.int().min(1).max(26).meta({ description: 'Lettered from A.' }),
  seatsPerRow: z.int().min(1).max(99).meta({ description: 'Numbered from 1.' }),
  priceCents: cents,
});
export const screening = screeningInput
  .extend({ id, startsAt: timestamp, cancelledAt: timestamp.nullable() })
  .meta({ id: 'Screening' });
export const screeningPage = pageOf(screening).meta({ id: 'ScreeningPage' });
export const screeningQuery = pageQuery.extend({ movieId: id.optional() });

import { z } from 'zod';
import { type Calls, defineContract } from '../../http/contracts/contract.ts';

/** What other features may know of a screening. */
const screening = z.object({
  id: z.uuid(),
  movieId: z.uuid(),
  auditorium: z.string(),
  startsAt: z.iso.datetime(),
  rows: z.int(),
  seatsPerRow: z.int(),
  priceCents: z.int(),
});

/** The catalog as its neighbours see it. */
export const catalogContract = defineContract('catalog', {
  /** The screening of this id; 404 `not_found`. */
  findScreening: { input: z.uuid(), output: screening, idempotent: true },
});

export type Screening = z.infer<typeof screening>;
export type CatalogContract = Calls<typeof catalogContract>;

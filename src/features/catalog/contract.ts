import { z } from 'zod';
import { type Calls, defineContract } from '../../http/contracts/contract.ts';
import { defineEvent } from '../events.ts';

/** What other features may know of a screening. */
const screening = z.object({
  id: z.uuid(),
  movieId: z.uuid(),
  auditorium: z.string(),
  startsAt: z.iso.datetime(),
  rows: z.int(),
  seatsPerRow: z.int(),
  priceCents: z.int(),
  cancelledAt: z.iso.datetime().nullable().default(null), // a catalog of the version before has none
});

/** The catalog as its neighbours see it. */
export const catalogContract = defineContract('catalog', {
  /** The screening of this id; 404 `not_found`. */
  findScreening: { input: z.uuid(), output: screening, idempotent: true },
});

/** A screening will not take place. With its auditorium, so that nobody has to ask back. */
export const screeningCancelled = defineEvent({
  name: 'catalog.screening-cancelled.v1',
  payload: z.object({ screeningId: z.uuid(), rows: z.int(), seatsPerRow: z.int() }),
});

export type Screening = z.infer<typeof screening>;
export type CatalogContract = Calls<typeof catalogContract>;

import { z } from 'zod';
import { type Calls, defineContract } from '../../../../src/http/contracts/contract.ts';

/** What other features may know of one. */
const thing = z.object({ id: z.uuid(), name: z.string() });

/** Things as their neighbours see them. */
export const thingsContract = defineContract('things', {
  /** The one of this id; 404 `not_found`. */
  findThing: { input: z.uuid(), output: thing, idempotent: true },
});

export type Thing = z.infer<typeof thing>;
export type ThingsContract = Calls<typeof thingsContract>;

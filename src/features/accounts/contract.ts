import { z } from 'zod';
import { type Calls, defineContract } from '../../http/contracts/contract.ts';

/** What other features may know of an account. */
const account = z.object({ id: z.uuid(), email: z.string(), name: z.string() });

/** Accounts as their neighbours see them. */
export const accountsContract = defineContract('accounts', {
  /** The account of this id; 404 `not_found`. */
  findAccount: { input: z.uuid(), output: account, idempotent: true },
});

export type Account = z.infer<typeof account>;
export type AccountsContract = Calls<typeof accountsContract>;

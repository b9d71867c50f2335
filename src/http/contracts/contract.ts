import type { z } from 'zod';

/** One call that a feature lets its neighbours make: JSON in, JSON out, failing only with AppError. */
export interface Operation<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  input: Input;
  /** Not strict, so that a neighbour of an older version ignores a new member. */
  output: Output;
  /** May be sent again when nothing is known of its outcome. */
  idempotent: boolean;
}

/** What a feature offers to its neighbours, in one process or over HTTP; the definition serves both ends. */
export interface Contract<Operations extends Record<string, Operation> = Record<string, Operation>> {
  feature: string;
  /** Of a feature's contracts each has its own. */
  name: string;
  operations: Operations;
}

export const defineContract = <const Operations extends Record<string, Operation>>(
  feature: string,
  operations: Operations,
  name = feature,
): Contract<Operations> => ({ feature, name, operations });

/** The contract as functions: the feature's own, or those of its client. */
export type Calls<C extends Contract> = {
  [Name in keyof C['operations']]: (
    input: z.input<C['operations'][Name]['input']>,
  ) => Promise<z.output<C['operations'][Name]['output']>>;
};

/** A contract with the functions that fulfil it, of whatever feature. */
export interface Offer {
  contract: Contract;
  calls: Record<string, (input: never) => Promise<unknown>>;
}

export const offer = <C extends Contract>(contract: C, calls: Calls<C>): Offer => ({ contract, calls });

/** Milliseconds that the caller still waits. A duration, as the clocks of two machines differ; gRPC's grpc-timeout. */
export const TIMEOUT_HEADER = 'x-timeout-ms';

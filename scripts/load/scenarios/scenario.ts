import type { Visitor } from '../generator/visitor.ts';
import type { People } from './people.ts';

/** What one kind of visitor does. */
export interface Scenario {
  name: string;
  /** Requests of a visit, on average; the rate that is asked for is one of requests. */
  requestsPerVisit: number;
  /** Makes, as an administrator and through the public API, what that many visits will find. */
  prepare?(visitor: Visitor, adminToken: string, visits: number): Promise<void>;
  visit(visitor: Visitor, people: People): Promise<void>;
}

/** The id of what one POST creates. */
export const createdBy = async (visitor: Visitor, token: string, name: string, json: unknown) =>
  (await visitor.call({ name, token, json, expects: [201] })).body.id as string;

export const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T;

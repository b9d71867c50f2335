import type { Visitor } from '../generator/visitor.ts';
import type { World } from './world.ts';

/** What one kind of visitor does. */
export interface Scenario {
  name: string;
  /** Requests of a visit, on average; the rate that is asked for is one of requests. */
  requestsPerVisit: number;
  /** Seats that a visit takes, on average. */
  seatsPerVisit?: number;
  visit(visitor: Visitor, world: World): Promise<void>;
}

export const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T;

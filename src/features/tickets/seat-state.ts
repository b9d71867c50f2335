import { createHash } from 'node:crypto';
import { encodeEvent } from '../../http/event-streams.ts';
import type { TakenSeats } from './seat-store.ts';

/** What is taken in a screening, with a name for it that is the same on every instance. */
export interface SeatState extends TakenSeats {
  /** The id of the events that lead to this state, as an entity tag is that of a document. */
  tag: string;
}

export const toState = (taken: TakenSeats): SeatState => {
  const text = `${taken.sold}|${taken.held}`;
  return { ...taken, tag: createHash('sha1').update(text).digest('base64url').slice(0, 16) };
};

export const NOTHING_TAKEN = toState({ sold: [], held: [], expiresInMs: null });

/** The event for a client that knows nothing yet, or something old: every seat that it does not name is free. */
export const encodeWhole = ({ tag, sold, held }: SeatState): Buffer =>
  encodeEvent({ name: 'seats', id: tag, data: { sold, held, free: [] } });

const without = (seats: string[], known: string[]) => {
  const set = new Set(known);
  return seats.filter((seat) => !set.has(seat));
};

/** The event that leads from one state to the next. */
export const encodeChange = (from: SeatState, to: SeatState): Buffer => {
  const free = without([...from.sold, ...from.held], [...to.sold, ...to.held]);
  const data = { sold: without(to.sold, from.sold), held: without(to.held, from.held), free };
  return encodeEvent({ name: 'change', id: to.tag, data });
};

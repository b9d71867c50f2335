import { api, dataOf, type Schemas } from '../api.ts';
import { noteAnswer } from '../served-by.ts';

/** The seats that cannot be had, by what they are. */
export type Taken = ReadonlyMap<string, 'sold' | 'held'>;

/** `live`: told at once. `resuming`: between two instances. `asking`: no stream is to be had, so it asks now and then. */
export type LiveStatus = 'connecting' | 'live' | 'resuming' | 'asking';

interface Told {
  taken(seats: Taken): void;
  status(status: LiveStatus): void;
}

const ASK_AGAIN_MS = 5_000;

const apply = (before: Taken, { sold, held, free }: Schemas['SeatChange']): Taken => {
  const after = new Map(before);
  for (const seat of sold) after.set(seat, 'sold');
  for (const seat of held) after.set(seat, 'held');
  for (const seat of free) after.delete(seat);
  return after;
};

const ask = async (id: string): Promise<Taken> => {
  const path = { params: { path: { id } } };
  const { seats } = await dataOf(api.GET('/v1/tickets/screenings/{id}/seats', path));
  const taken = seats.filter(({ sold, held }) => sold || held);
  return new Map(taken.map(({ seat, sold }) => [seat, sold ? 'sold' : 'held']));
};

/**
 * Follows the seats of a screening until `signal` aborts. The browser itself comes back after a break and says what it
 * saw last; after a refusal (an instance is full, or none is there) it does not, so this does.
 */
export const followSeats = (id: string, told: Told, signal: AbortSignal): void => {
  let taken: Taken = new Map();
  const show = (next: Taken) => {
    taken = next;
    told.taken(taken);
  };
  const path = `/v1/tickets/screenings/${id}/events`;

  const open = () => {
    if (signal.aborted) return;
    const source = new EventSource(path);
    const close = () => source.close();
    const on = (name: string, heard: (data: string) => void) =>
      source.addEventListener(name, (event) => heard((event as MessageEvent<string>).data));
    signal.addEventListener('abort', close);
    on('served-by', (data) => noteAnswer('LIVE', path, JSON.parse(data).instance));
    on('seats', (data) => show(apply(new Map(), JSON.parse(data))));
    on('change', (data) => show(apply(taken, JSON.parse(data))));
    source.onopen = () => told.status('live');
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return told.status('resuming');
      signal.removeEventListener('abort', close);
      told.status('asking');
      ask(id).then(show, () => {}); // the next stream brings all
      setTimeout(open, ASK_AGAIN_MS);
    };
  };

  told.status('connecting');
  open();
};

import type { EventSource, EventStream } from '../../http/event-streams.ts';
import { createBatchReader } from '../../infrastructure/batch-reader.ts';
import type { Broadcast } from '../../infrastructure/broadcast.ts';
import type { Logger } from '../../infrastructure/logger.ts';
import { encodeChange, encodeWhole, NOTHING_TAKEN, type SeatState, toState } from './seat-state.ts';
import type { TakenSeats } from './seat-store.ts';

const CHANNEL = 'seats';
const PAUSE_MS = 25; // between reads, so at most 40 a second by this instance however many seats change
const LOOK_MS = 1_000;
/** How old a state may get without a message: one is lost, for example, when an instance dies after its commit. */
const OLDEST_MS = 3_000;
/** A screening that nobody watches is forgotten after this; longer than a request may take to join it. */
const FORGET_MS = 15_000;

/** A screening that is watched here. Times are in milliseconds since the start of the process. */
interface Room {
  screeningId: string;
  state: SeatState;
  streams: Set<EventStream>;
  readAt: number;
  expiresAt: number;
  enteredAt: number;
}

const openRoom = (screeningId: string): Room => {
  const times = { readAt: 0, expiresAt: 0, enteredAt: 0 };
  return { screeningId, state: NOTHING_TAKEN, streams: new Set(), ...times };
};

interface LiveParts {
  readTaken(screeningIds: string[]): Promise<Map<string, TakenSeats>>;
  broadcast: Broadcast;
  logger: Logger;
}

/**
 * Follows the seats of the screenings that are watched here. PostgreSQL has the state; messages and the clock only say
 * when to look. So nothing can be missed: what a client gets is a state, or the difference between two that were read.
 */
export const createLiveSeats = ({ readTaken, broadcast, logger }: LiveParts) => {
  const rooms = new Map<string, Room>();
  const read = createBatchReader(readTaken, PAUSE_MS);
  let timer: NodeJS.Timeout | undefined;

  const refresh = async (room: Room) => {
    const state = toState((await read(room.screeningId)) ?? NOTHING_TAKEN);
    room.readAt = performance.now();
    room.expiresAt = room.readAt + (state.expiresInMs ?? Number.POSITIVE_INFINITY);
    if (state.tag === room.state.tag) return;
    const change = encodeChange(room.state, state);
    room.state = state;
    for (const stream of room.streams) stream.write(change);
  };
  const refreshSoon = (room: Room | undefined) => {
    if (room?.streams.size)
      refresh(room).catch((error: unknown) => logger.warn({ err: error }, 'could not read the seats'));
  };

  const look = () => {
    const now = performance.now();
    const oldest = now - (broadcast.isConnected() ? OLDEST_MS : LOOK_MS / 2);
    for (const room of rooms.values()) {
      if (room.streams.size === 0 && room.enteredAt < now - FORGET_MS) rooms.delete(room.screeningId);
      if (room.readAt <= oldest || room.expiresAt <= now) refreshSoon(room);
    }
    if (rooms.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  const enter = (screeningId: string): Room => {
    const room = rooms.get(screeningId) ?? openRoom(screeningId);
    rooms.set(screeningId, room);
    room.enteredAt = performance.now();
    timer ??= setInterval(look, LOOK_MS).unref();
    return room;
  };

  let listening = false;
  const listenOnce = () => {
    if (listening) return;
    listening = true;
    broadcast.listen(CHANNEL, {
      hear: (screeningId) => refreshSoon(rooms.get(screeningId)),
      resumed: () => rooms.forEach(refreshSoon),
    });
  };

  return {
    /** Tells every instance that a screening's seats changed; call it after the commit. */
    changed: (screeningId: string) => broadcast.publish(CHANNEL, screeningId),

    /** The events of a screening; they begin with its whole state, unless the client comes back and has it. */
    follow: async (screeningId: string): Promise<EventSource> => {
      listenOnce();
      const room = enter(screeningId);
      await refresh(room); // a client that comes from another instance may know more than was read here last
      return (stream) => {
        if (stream.lastEventId !== room.state.tag) stream.write(encodeWhole(room.state));
        room.streams.add(stream);
        return () => room.streams.delete(stream);
      };
    },
  };
};

export type LiveSeats = ReturnType<typeof createLiveSeats>;

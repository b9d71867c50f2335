import { type Listening, listen, servedBy } from './event-stream.ts';

/**
 * Follows a screening's seats as a page does: keeps what it was told, and when the stream ends comes back, to the next
 * of the instances, with the id of the last event.
 */
export const watchSeats = (urls: readonly string[], screeningId: string) => {
  const seats = new Map<string, 'sold' | 'held'>();
  const stats = { connections: 0, whole: 0, instance: undefined as string | undefined };
  let current: Listening | undefined;
  let lastEventId: string | undefined;
  let closed = false;

  const apply = ({ events }: Listening, from: number) => {
    for (const { name, data } of events.slice(from)) {
      if (name === 'seats') {
        seats.clear();
        stats.whole += 1;
      }
      for (const seat of data.sold ?? []) seats.set(seat, 'sold');
      for (const seat of data.held ?? []) seats.set(seat, 'held');
      for (const seat of data.free ?? []) seats.delete(seat);
    }
    return events.length;
  };
  const follow = async (stream: Listening) => {
    current = stream;
    let applied = 0;
    stream.reply.on('data', () => {
      applied = apply(stream, applied);
      lastEventId = stream.state.lastEventId;
      stats.instance = servedBy(stream) ?? stats.instance;
    });
    if (closed) stream.close();
    await stream.ended;
  };
  const run = async () => {
    while (!closed) {
      const url = `${urls[stats.connections % urls.length]}/v1/tickets/screenings/${screeningId}/events`;
      const stream = await listen(url, { lastEventId }).catch(() => undefined);
      stats.connections += 1;
      if (stream?.reply.statusCode === 200) await follow(stream);
      else await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const running = run();
  return {
    stats,
    shows: (seat: string) => seats.get(seat) ?? 'free',
    all: () => Object.fromEntries([...seats].sort()),
    close: async () => {
      closed = true;
      current?.close();
      await running;
    },
  };
};

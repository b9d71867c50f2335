import type { Redis } from 'ioredis';
import { createPublisher } from './publisher.ts';

interface Listener {
  hear(message: string): void;
  /** Called whenever messages come through (again): some may have been missed before. */
  resumed(): void;
}

/**
 * Tells every instance something, at most once: a message is lost while Redis, or the way to it, is away. So send what
 * hurries a reader to PostgreSQL, and let the reader look by itself now and then.
 */
export interface Broadcast {
  /** Never fails and never waits; the same said twice may be heard once. Call it after the commit. */
  publish(channel: string, message: string): void;
  /** Hears the messages of any instance, this one included. */
  listen(channel: string, listener: Listener): void;
  /** Whether messages come through at the moment, as far as this instance knows. */
  isConnected(): boolean;
  close(): void;
}

/** One connection per process for everything that it listens to, opened by the first listener. */
export const createBroadcast = (redis: Redis): Broadcast => {
  const prefix = `${redis.options.keyPrefix}broadcast:`;
  const publish = createPublisher(redis);
  const listeners = new Map<string, Listener>();
  let subscriber: Redis | undefined;

  const subscribe = async (name: string) => {
    await subscriber?.subscribe(name);
    listeners.get(name)?.resumed();
  };
  const open = () => {
    // Waits for Redis, unlike the request path's connection.
    const connection = redis.duplicate({
      enableOfflineQueue: true,
      autoResubscribe: false, // it would not say when
      maxRetriesPerRequest: null,
    });
    connection.on('error', () => {}); // the request path's connection reports outages
    connection.on('message', (name, message) => listeners.get(name)?.hear(message));
    connection.on('ready', () => {
      for (const name of listeners.keys()) void subscribe(name).catch(() => {});
    });
    return connection;
  };

  return {
    publish: (channel, message) => publish(prefix + channel, message),
    listen: (channel, listener) => {
      listeners.set(prefix + channel, listener);
      subscriber ??= open();
      if (subscriber.status === 'ready') void subscribe(prefix + channel).catch(() => {});
    },
    // A Redis that hangs keeps the subscriber's socket open; the other one, which is used and timed, finds out.
    isConnected: () => subscriber?.status === 'ready' && redis.status === 'ready',
    close: () => subscriber?.disconnect(),
  };
};

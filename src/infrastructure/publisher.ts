import type { Redis } from 'ioredis';

/** Says something to whoever listens; never fails and never waits. */
export type Publish = (channel: string, message: string) => void;

/**
 * What is said again while Redis has not yet taken the last words goes out once, after them: under load many purchases
 * wake the workers together, for the price of one.
 */
export const createPublisher = (redis: Redis): Publish => {
  const waiting = new Map<string, [channel: string, message: string]>();
  let isBusy = false;

  const flush = async () => {
    while (waiting.size > 0) {
      const said = [...waiting.values()];
      waiting.clear();
      await Promise.allSettled(said.map(([channel, message]) => redis.publish(channel, message)));
    }
    isBusy = false;
  };

  return (channel, message) => {
    waiting.set(`${channel} ${message}`, [channel, message]);
    if (isBusy) return;
    isBusy = true;
    void flush();
  };
};

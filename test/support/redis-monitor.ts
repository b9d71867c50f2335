import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import type { Cinema } from './cinema.ts';
import { sharedRedisUrl, uniqueName } from './servers.ts';
import { waitFor } from './wait.ts';

/** Listens to the commands that this cinema's instances send to Redis, until the test ends. */
export const watchRedis = async (cinema: Cinema, t: TestContext) => {
  // A bare socket: ioredis trips over commands of others that arrive while it still enters this mode.
  const { hostname, port, username, password } = new URL(sharedRedisUrl());
  const socket = connect(Number(port || 6_379), hostname);
  t.after(() => socket.destroy());
  let heard = '';
  socket.on('data', (chunk) => {
    heard += chunk;
  });
  await once(socket, 'connect');
  if (password) socket.write(`AUTH ${username || 'default'} ${password}\r\n`);
  socket.write('MONITOR\r\n');
  await waitFor('MONITOR to begin', () => heard.includes('+OK'));
  return {
    /** The commands with this cinema's keys so far: asks Redis something and waits until that comes by. */
    settled: async (): Promise<string[]> => {
      const marker = uniqueName('marker');
      await cinema.redis.get(marker);
      await waitFor('the marker', () => heard.includes(marker));
      const prefix = cinema.env.REDIS_KEY_PREFIX ?? '';
      return heard
        .split('\r\n')
        .filter((line) => line.includes(prefix) && !line.includes('marker_'))
        .map((line) => line.replace(/^.*?\] /, '').replaceAll('"', ''));
    },
  };
};

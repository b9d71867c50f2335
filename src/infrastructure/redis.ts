import { once } from 'node:events';
import { Redis } from 'ioredis';
import type { Logger } from './logger.ts';

/** How long a boot waits for Redis before it goes on without; what needs Redis answers 503 until it is there. */
const BOOT_WAIT_MS = 2_000;

/**
 * Opens the client of the request path. It fails at once instead of queueing, because a request that waits for a
 * dead Redis holds a socket and tells nobody: commands reject in 0 ms when disconnected, in 500 ms when Redis hangs.
 * No auto-pipelining: it chains what each turn of the event loop leaves behind to the next, so that garbage outlives
 * many collections; what every request asks is batched where it is asked (rate-limit.ts).
 */
export const openRedis = async (
  options: { url: string; keyPrefix: string },
  logger: Logger,
): Promise<Redis> => {
  const redis = new Redis(options.url, {
    keyPrefix: options.keyPrefix,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false, // a repeated INCR would count a request twice
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 500,
    socketTimeout: 2_000, // a hung server is dropped, so that later commands fail at once
    retryStrategy: (attempt) => Math.min(2 ** attempt * 25, 1_000) * (0.5 + Math.random() / 2),
    reconnectOnError: (error) => error.message.startsWith('READONLY'), // a failover left us on the old primary
  });
  reportChanges(redis, logger);
  await once(redis, 'ready', { signal: AbortSignal.timeout(BOOT_WAIT_MS) }).catch(() => {
    logger.warn('redis does not answer yet; starting without it');
  });
  return redis;
};

const reportChanges = (redis: Redis, logger: Logger) => {
  let reported = '';
  const report = (state: 'up' | 'down', cause?: Error) => {
    if (state === reported) return;
    reported = state;
    if (state === 'up') logger.info('redis is up');
    else logger.error({ err: cause }, 'redis is down');
  };
  let lastError: Error | undefined;
  redis.on('error', (error: Error) => {
    lastError = error;
  });
  redis.on('ready', () => report('up'));
  redis.on('close', () => report('down', lastError));
};

export const closeRedis = async (redis: Redis): Promise<void> => {
  redis.removeAllListeners('close'); // a close that we ask for is no outage to report
  // quit lets replies under way arrive; a server that is gone can only be disconnected
  await redis.quit().catch(() => redis.disconnect());
};

const UNAVAILABLE =
  /^(Connection is closed|Stream isn't writeable|Command timed out|Socket timeout|Socket closed|Reached the max retries|LOADING|BUSY|OOM|MISCONF|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|connect |read |write )/;

/** Whether an error means that Redis cannot serve now (away, full, failing to write), and not that we asked nonsense. */
export const isRedisUnavailable = (error: unknown): boolean =>
  error instanceof Error && UNAVAILABLE.test(error.message);

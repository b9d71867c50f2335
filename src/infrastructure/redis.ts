import { once } from 'node:events';
import { type Command, Redis } from 'ioredis';
import type { Logger } from './logger.ts';

/** How long a boot waits for Redis before it goes on without; what needs Redis answers 503 until it is there. */
const BOOT_WAIT_MS = 2_000;

/** What a command may take. */
const ANSWER_MS = 500;
/** A server that is silent this long is hung up on, so that later commands fail at once. */
const SILENCE_MS = 2_000;

/**
 * Gives up commands that Redis does not answer. Node runs timers before it reads what has arrived, so by ioredis's own
 * timeouts a process that was kept from running would take a Redis that has answered for dead: limits would be counted
 * by it alone, and ended logins not noticed. Here such a pause spends one half of the time at most.
 */
class TimedRedis extends Redis {
  /** When the first command was sent that no answer has followed. */
  private askedAt: number | undefined;

  override sendCommand(command: Command, stream?: Parameters<Redis['sendCommand']>[1]): unknown {
    this.askedAt ??= performance.now();
    let gaveUp = false;
    const giveUp = () => {
      gaveUp = true;
      command.reject(new Error('Command timed out'));
      if (this.askedAt === undefined || performance.now() - this.askedAt < SILENCE_MS) return;
      this.stream.destroy(new Error('Socket timeout'));
    };
    let timer = setTimeout(() => {
      timer = setTimeout(giveUp, ANSWER_MS / 2);
    }, ANSWER_MS / 2);
    const settled = () => {
      clearTimeout(timer);
      if (!gaveUp) this.askedAt = undefined;
    };
    command.promise.then(settled, settled);
    return super.sendCommand(command, stream);
  }
}

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
  const redis = new TimedRedis(options.url, {
    keyPrefix: options.keyPrefix,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false, // a repeated INCR would count a request twice
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
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

import { type Config, ConfigError, loadConfig } from '../config.ts';
import type { FromChild } from './heartbeat.ts';
import { createLogger, type Logger } from './logger.ts';

/** Remembers what was opened, so that it is closed in the reverse order. */
export interface Lifecycle {
  /** Registers how to close `name`; call it right after opening. */
  onClose(name: string, close: () => Promise<unknown> | unknown): void;
  /** Closes everything once; one failing close is logged and does not keep the others open. */
  close(): Promise<void>;
}

export const createLifecycle = (logger: Logger): Lifecycle => {
  const opened: { name: string; close: () => Promise<unknown> | unknown }[] = [];
  const closeAll = async () => {
    for (const { name, close } of opened.reverse()) {
      try {
        await close();
        logger.debug({ resource: name }, 'closed');
      } catch (error) {
        logger.error({ resource: name, err: error }, 'did not close cleanly');
      }
    }
  };
  let closing: Promise<void> | undefined;
  return {
    onClose: (name, close) => opened.push({ name, close }),
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
};

/** sysexits.h: a supervisor may know that trying again cannot help. */
export const EX_CONFIG = 78;

/** Reads the configuration for a process; a faulty one ends it with the list of faults and exit code 78. */
export const loadConfigOrExit = (environment: Record<string, string | undefined>): Config => {
  try {
    return loadConfig(environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(EX_CONFIG);
  }
};

type Open = (config: Config, logger: Logger, lifecycle: Lifecycle) => Promise<unknown>;

/** Runs a one-off step: does `work`, then closes what it opened, whether it went well or not. */
export const runOnce = async (environment: Record<string, string | undefined>, work: Open): Promise<void> => {
  const config = loadConfigOrExit(environment);
  const logger = createLogger({ level: config.logLevel, instance: config.instance });
  const lifecycle = createLifecycle(logger);
  try {
    await work(config, logger, lifecycle);
  } catch (error) {
    logger.fatal({ err: error }, 'failed');
    process.exitCode = 1;
  } finally {
    await lifecycle.close();
  }
};

/**
 * Runs a long-lived process: opens it, then waits for SIGTERM, SIGINT or a lost parent and closes in reverse order.
 * Exit codes: 0 after a clean stop, 1 when opening failed, on an unhandled error, on the hard stop and on a second signal.
 */
export const runProcess = async (
  environment: Record<string, string | undefined>,
  open: Open,
): Promise<void> => {
  const config = loadConfigOrExit(environment);
  const { hardStopSeconds } = config.shutdown;
  const logger = createLogger({ level: config.logLevel, instance: config.instance });
  const lifecycle = createLifecycle(logger);
  let stopping = false;

  const stop = async (reason: string, exitCode: number) => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ reason }, 'stopping');
    setTimeout(() => {
      logger.fatal({ hardStopSeconds }, 'still not closed, stopping hard');
      process.exit(1);
    }, hardStopSeconds * 1_000).unref();
    await lifecycle.close();
    logger.info('stopped');
    process.exit(exitCode);
  };

  const die = (kind: string) => (error: unknown) => {
    logger.fatal({ err: error }, kind);
    if (!stopping) void stop(kind, 1);
  };
  process.on('uncaughtException', die('uncaught exception'));
  process.on('unhandledRejection', die('unhandled rejection'));
  process.on('SIGTERM', () => void stop('SIGTERM', 0));
  process.on('SIGINT', () => void stop('SIGINT', 0));
  process.on('disconnect', () => void (stopping || stop('the parent process is gone', 0)));

  try {
    await open(config, logger, lifecycle);
    if (process.connected) process.send?.({ type: 'ready' } satisfies FromChild);
  } catch (error) {
    logger.fatal({ err: error }, 'could not start');
    await stop('could not start', error instanceof ConfigError ? EX_CONFIG : 1);
  }
};

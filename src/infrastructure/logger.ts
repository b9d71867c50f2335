import pino from 'pino';
import { requestContext } from './request-context.ts';
import { logFields } from './trace-context.ts';

export type Logger = pino.Logger;

/** What a log needs of an error. Drivers hang whole clients on theirs, which would fill it, keys of connections included. */
const describe = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause, code } = error as Error & { code?: unknown };
  return {
    name,
    message,
    stack,
    ...(code !== undefined && { code }),
    ...(cause !== undefined && { cause: describe(cause) }),
  };
};

/** How long a line may wait for others, in milliseconds: a write for each would be a tenth of a request's cost. */
const FLUSH_MS = 200;

/** Standard output in blocks; a process that ends writes what is left, one that is killed loses FLUSH_MS at most. */
const openOutput = (): pino.DestinationStream => {
  const output = pino.destination({ dest: 1, sync: true, minLength: 4_096, periodicFlush: FLUSH_MS });
  process.once('exit', () => output.flushSync());
  return output;
};

/** JSON lines on standard output, or on `destination`; each line carries the instance and, inside a request, its id. */
export const createLogger = (
  { level, instance }: { level: string; instance: string },
  destination: pino.DestinationStream = openOutput(),
): Logger =>
  pino(
    {
      level,
      base: { instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: describe },
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const { requestId, caller, trace } = requestContext.getStore() ?? {};
        return { requestId, caller, ...logFields(trace) };
      },
    },
    destination,
  );

import pino from 'pino';
import { requestContext } from './request-context.ts';

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

/** JSON lines on standard output, or on `destination`; each line carries the instance and, inside a request, its id. */
export const createLogger = (
  { level, instance }: { level: string; instance: string },
  destination: pino.DestinationStream = pino.destination(1),
): Logger =>
  pino(
    {
      level,
      base: { instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: describe },
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ ...requestContext.getStore() }), // a copy, as pino writes the line's members into it
    },
    destination,
  );

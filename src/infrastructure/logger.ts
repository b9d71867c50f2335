import pino from 'pino';
import { requestContext } from './request-context.ts';

export type Logger = pino.Logger;

/** JSON lines on standard output; each line carries the instance and, inside a request, the request's id. */
export const createLogger = ({ level, instance }: { level: string; instance: string }): Logger =>
  pino({
    level,
    base: { instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: () => requestContext.getStore() ?? {},
  });

import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import type { Logger } from '../infrastructure/logger.ts';
import type { Metrics } from '../infrastructure/metrics.ts';
import { requestContext } from '../infrastructure/request-context.ts';

/** What a log line and a header can hold safely; anything else is replaced, not cleaned. */
const REQUEST_ID = /^[\w.:-]{8,128}$/;

const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}/;

/** The trace that the request belongs to, where it names one. */
const traceOf = ({ traceparent, tracestate }: IncomingHttpHeaders) => {
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return undefined;
  return { traceparent, ...(typeof tracestate === 'string' && { tracestate }) };
};

/**
 * First on every request: keeps the id that nginx gave (or makes one), names the instance in `X-Served-By`, and when
 * the reply is out counts it and writes one access-log line.
 */
export const createObserver =
  (instance: string, logger: Logger, metrics: Metrics): RequestHandler =>
  (request, response, next) => {
    const startedAt = performance.now();
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('X-Served-By', instance);
    response.on('close', () => {
      const seconds = (performance.now() - startedAt) / 1_000;
      const route: string = response.locals.route ?? 'none';
      const status = response.writableFinished ? response.statusCode : 499; // nginx's code for a client that left
      metrics.observeRequest(request.method, route, status, seconds);
      logger.info(
        {
          requestId,
          method: request.method,
          path: request.originalUrl,
          status,
          ms: Math.round(seconds * 1e5) / 100,
        },
        'request',
      );
    });
    requestContext.run({ requestId, ...traceOf(request.headers) }, next);
  };

import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Config } from '../config.ts';
import type { Logger } from '../infrastructure/logger.ts';
import type { Metrics } from '../infrastructure/metrics.ts';
import { requestContext } from '../infrastructure/request-context.ts';
import { logFields, traceOf } from '../infrastructure/trace-context.ts';
import type { Span, Tracing } from '../infrastructure/tracing.ts';

interface ObserverParts {
  config: Pick<Config, 'instance'>;
  logger: Logger;
  metrics: Metrics;
  tracing?: Tracing | undefined;
}

/** What a log line and a header can hold safely; anything else is replaced, not cleaned. */
const REQUEST_ID = /^[\w.:-]{8,128}$/;

/** What is worth a trace; probes, documents and the page are not. */
const TRACED = /^\/(?:v1|internal)\//;

const operationOf = ({ method, path, protocol, ip, headers }: Request, requestId: string) => ({
  kind: 'server' as const,
  name: method,
  attributes: {
    'http.request.method': method,
    'http.request.header.x-request-id': [requestId],
    'url.path': path,
    'url.scheme': protocol,
    'client.address': ip,
    'user_agent.original': headers['user-agent'],
  },
});

const endSpan = (span: Span, method: string, route: string, status: number) =>
  span.end({
    name: `${method} ${route}`,
    attributes: { 'http.route': route, 'http.response.status_code': status },
    ...(status >= 500 && { error: new Error(`answered ${status}`) }),
  });

/**
 * First on every request: keeps the id that nginx gave (or makes one), names the instance in `X-Served-By`, and when
 * the reply is out counts it and writes one access-log line.
 */
export const createObserver =
  ({ config: { instance }, logger, metrics, tracing }: ObserverParts): RequestHandler =>
  (request, response, next) => {
    const startedAt = performance.now();
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('X-Served-By', instance);
    const incoming = traceOf(request.headers);
    const span =
      tracing && TRACED.test(request.path)
        ? tracing.begin(operationOf(request, requestId), incoming)
        : undefined;
    const trace = span?.trace ?? incoming;
    response.on('close', () => {
      const seconds = (performance.now() - startedAt) / 1_000;
      const route: string = response.locals.route ?? 'none';
      const status = response.writableFinished ? response.statusCode : 499; // nginx's code for a client that left
      metrics.observeRequest(request.method, route, status, seconds);
      logger.info(
        {
          requestId,
          ...logFields(trace),
          method: request.method,
          path: request.originalUrl,
          status,
          ms: Math.round(seconds * 1e5) / 100,
        },
        'request',
      );
      if (span) endSpan(span, request.method, route, status);
    });
    requestContext.run(trace ? { requestId, trace } : { requestId }, next);
  };

import type { Attributes } from '@opentelemetry/api';
import type { Config } from '../config.ts';
import type { Logger } from './logger.ts';
import { type Origin, requestContext } from './request-context.ts';
import type { TraceContext } from './trace-context.ts';

/** What a span is of. Names and attributes are those of OpenTelemetry's semantic conventions. */
export interface Operation {
  kind: 'server' | 'client' | 'consumer';
  /** One of few: no ids. */
  name: string;
  attributes: Attributes;
}

export interface Span {
  /** Goes along with what is done within the span. */
  trace: TraceContext;
  end(outcome?: { name?: string; attributes?: Attributes; error?: unknown }): void;
}

export interface Tracing {
  /** Begins a span of the parent's trace, or of a new one. */
  begin(operation: Operation, parent: TraceContext | undefined): Span;
  /** Delivers what is left, for two seconds at most; what is not delivered then is lost. */
  close(): Promise<void>;
}

/** Spans for an OTLP collector, where the configuration names one. Else nothing is loaded, and nothing costs anything. */
export const openTracing = async (config: Config, logger: Logger): Promise<Tracing | undefined> => {
  if (!config.tracing.endpoint) return undefined;
  const { createTracing } = await import('./opentelemetry.ts');
  return createTracing(config, logger);
};

/** Runs `work` as what `origin` started, in a span where tracing is on. */
export const runWithOrigin = async <T>(
  tracing: Tracing | undefined,
  origin: Origin,
  operation: Operation,
  work: () => Promise<T>,
): Promise<T> => {
  if (!tracing) return requestContext.run(origin, work);
  const span = tracing.begin(operation, origin.trace);
  try {
    const result = await requestContext.run({ ...origin, trace: span.trace }, work);
    span.end();
    return result;
  } catch (error) {
    span.end({ error });
    throw error;
  }
};

/** Runs `work` in a span below that of the request or job; without one where nothing is traced. */
export const inSpan = <T>(
  tracing: Tracing | undefined,
  operation: Operation,
  work: () => Promise<T>,
): Promise<T> => {
  const context = requestContext.getStore();
  return tracing && context?.trace ? runWithOrigin(tracing, context, operation, work) : work();
};

import {
  type Attributes,
  createTraceState,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  RandomIdGenerator,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Logger } from './logger.ts';
import { isSampled, parentIdOf, type TraceContext, traceIdOf } from './trace-context.ts';
import type { Span, Tracing } from './tracing.ts';

const DELIVERY_MS = 2_000; // also bounds closing, which must fit between DRAIN_SECONDS and SHUTDOWN_SECONDS
const BATCH_EVERY_MS = 1_000;

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER };

const createExporter = ({ endpoint, headers }: Config['tracing'], logger: Logger): SpanExporter => {
  const otlp = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    headers: { ...headers },
    timeoutMillis: DELIVERY_MS,
  });
  let losing = false;
  return {
    export: (spans, done) =>
      otlp.export(spans, (result) => {
        if (result.error && !losing) logger.warn({ err: result.error }, 'spans are lost');
        losing = result.error !== undefined;
        done(result);
      }),
    shutdown: () => otlp.shutdown(),
  };
};

const contextOf = (parent: TraceContext) =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: traceIdOf(parent),
    spanId: parentIdOf(parent),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    ...(parent.tracestate && { traceState: createTraceState(parent.tracestate) }),
  });

const traceContextOf = (span: OtelSpan, tracestate: string | undefined): TraceContext => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  const traceparent = `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`;
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
};

/** What tells errors apart: our code, that of PostgreSQL or the system, or the name of the class. */
const typeOf = (error: Error & { code?: unknown }) =>
  error instanceof AppError ? error.problem.code : String(error.code ?? error.constructor.name);

const fail = (span: OtelSpan, thrown: unknown) => {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  span.setAttribute('error.type', typeOf(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
};

const toSpan = (span: OtelSpan, tracestate: string | undefined): Span => ({
  trace: traceContextOf(span, tracestate),
  end: ({ name, attributes, error } = {}) => {
    if (name) span.updateName(name);
    if (attributes) span.setAttributes(attributes);
    if (error) fail(span, error);
    span.end();
  },
});

/** Who this process is to the collector. */
const identityOf = ({ tracing, instance, environment }: Config): Attributes => ({
  'service.name': tracing.serviceName,
  'service.instance.id': instance,
  'deployment.environment.name': environment,
});

/**
 * Spans by the SDK, without its globals: what is under way is known by the request's context. Whether a trace is
 * recorded depends on its id alone, so all processes decide alike and no client decides for them.
 */
export const createTracing = (config: Config, logger: Logger): Tracing => {
  const random = new RandomIdGenerator();
  let given: string | undefined;
  const provider = new TracerProvider({
    resource: resourceFromAttributes(identityOf(config)),
    sampler: new TraceIdRatioBasedSampler(config.tracing.ratio),
    idGenerator: {
      generateSpanId: random.generateSpanId,
      generateTraceId: () => given ?? random.generateTraceId(),
    },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: createExporter(config.tracing, logger),
        scheduledDelayMillis: BATCH_EVERY_MS,
        exportTimeoutMillis: DELIVERY_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('multiplex');
  return {
    begin: ({ kind, name, attributes }, parent) => {
      // A parent that nobody recorded (as nginx's) would be missed: then this is the root, of the same trace.
      const recorded = parent && isSampled(parent);
      given = parent && traceIdOf(parent);
      const options = { kind: KINDS[kind], attributes };
      const span = tracer.startSpan(name, options, recorded ? contextOf(parent) : ROOT_CONTEXT);
      given = undefined;
      return toSpan(span, parent?.tracestate);
    },
    close: () => provider.shutdown().catch((error: unknown) => logger.warn({ err: error }, 'spans are lost')),
  };
};

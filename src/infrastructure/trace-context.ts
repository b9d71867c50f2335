import type { IncomingHttpHeaders } from 'node:http';

/** The headers of https://www.w3.org/TR/trace-context/, checked. What takes no part in a trace passes them on unread. */
export interface TraceContext {
  /** `00-<trace id>-<parent id>-<flags>`, in hexadecimal digits. */
  traceparent: string;
  tracestate?: string;
}

/** Later versions may append members, of which nothing is known (section 3.2.2.1); an id of zeros only is none. */
const TRACEPARENT = /^(?!ff|00-.{53})[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/;
const MOST_TRACESTATE = 512; // characters that must be passed on; section 3.3.1.5

/** The trace that a request belongs to, where it names one. */
export const traceOf = ({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext | undefined => {
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return undefined;
  if (typeof tracestate !== 'string' || tracestate.length > MOST_TRACESTATE) return { traceparent };
  return { traceparent, tracestate };
};

export const traceIdOf = ({ traceparent }: TraceContext): string => traceparent.slice(3, 35);
export const parentIdOf = ({ traceparent }: TraceContext): string => traceparent.slice(36, 52);

/** Whether who wrote it says that it records the trace. */
export const isSampled = ({ traceparent }: TraceContext): boolean =>
  (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1;

/** How log lines name a trace: OpenTelemetry's «Trace Context in non-OTLP Log Formats». */
export const logFields = (trace: TraceContext | undefined) =>
  trace && { trace_id: traceIdOf(trace), span_id: parentIdOf(trace) };

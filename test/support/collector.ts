import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import protobuf from 'protobufjs';

/** What of OTLP the tests look at: opentelemetry-proto, trace/v1/trace.proto and common/v1/common.proto. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4;
    string name = 5; int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9; Status status = 15;
  }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string string_value = 1; int64 int_value = 3; } }
`);
const Request = root.lookupType('Request');

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const FAILED = 2;

export interface ReceivedSpan {
  service: unknown;
  traceId: string;
  spanId: string;
  /** Empty at the root. */
  parentId: string;
  state: string;
  name: string;
  kind: string | undefined;
  failed: boolean;
  attributes: Record<string, unknown>;
}

interface Pair {
  key: string;
  value?: { stringValue?: string; intValue?: number };
}
interface WireSpan {
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId?: Uint8Array;
  traceState?: string;
  name: string;
  kind: number;
  status?: { code?: number };
  attributes?: Pair[];
}
interface WireRequest {
  resourceSpans: { resource: { attributes: Pair[] }; scopeSpans: { spans: WireSpan[] }[] }[];
}

const recordOf = (pairs: Pair[] = []) =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value?.stringValue ?? value?.intValue]));
const hex = (bytes: Uint8Array = new Uint8Array()) => Buffer.from(bytes).toString('hex');

const toReceived = (service: unknown, span: WireSpan): ReceivedSpan => ({
  service,
  traceId: hex(span.traceId),
  spanId: hex(span.spanId),
  parentId: hex(span.parentSpanId),
  state: span.traceState ?? '',
  name: span.name,
  kind: KINDS[span.kind],
  failed: span.status?.code === FAILED,
  attributes: recordOf(span.attributes),
});

const spansOf = (body: Uint8Array): ReceivedSpan[] => {
  const { resourceSpans } = Request.toObject(Request.decode(body), { longs: Number }) as WireRequest;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => toReceived(recordOf(resource.attributes)['service.name'], span)),
    ),
  );
};

/** Receives spans as OpenTelemetry's collector does: OTLP over HTTP, in protobuf. */
export const startCollector = async () => {
  const spans: ReceivedSpan[] = [];
  const headers: Record<string, unknown>[] = [];
  const server = createServer(async (request, response) => {
    const known =
      request.url === '/v1/traces' && request.headers['content-type'] === 'application/x-protobuf';
    const body = await buffer(request);
    headers.push(request.headers);
    if (known) spans.push(...spansOf(body));
    response.writeHead(known ? 200 : 404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    /** Of each delivery. */
    headers,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};

export type Collector = Awaited<ReturnType<typeof startCollector>>;

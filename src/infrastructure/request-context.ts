import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line written while a request is served should carry. */
export interface RequestContext {
  requestId: string;
  /** For whom it is done, where that is somebody; also when a neighbour asks in their name. */
  userId?: string;
  /** W3C trace context, as it came: passed on unread, as by a proxy that takes no part (trace-context section 3.2). */
  traceparent?: string;
  tracestate?: string;
  /** The neighbour that asks. */
  caller?: string;
  /** When nobody waits for the answer any more, by performance.now(); of calls by neighbours. */
  deadline?: number;
}

export const requestContext = new AsyncLocalStorage<RequestContext>();

import { AsyncLocalStorage } from 'node:async_hooks';
import type { TraceContext } from './trace-context.ts';

/** What started the work: goes along with it to neighbours and, through job rows, to workers. */
export interface Origin {
  /** Of a job that no request caused, the job's own id. */
  requestId: string;
  trace?: TraceContext;
}

/** What is known of the request or job that is under way, and what every log line written meanwhile should carry. */
export interface RequestContext extends Origin {
  /** For whom it is done, where that is somebody; also when a neighbour asks in their name. */
  userId?: string;
  /** The neighbour that asks. */
  caller?: string;
  /** When nobody waits for the answer any more, by performance.now(); of calls by neighbours. */
  deadline?: number;
}

export const requestContext = new AsyncLocalStorage<RequestContext>();

/** What a job that is made due now should remember; undefined outside requests and jobs. */
export const currentOrigin = (): Origin | undefined => {
  const context = requestContext.getStore();
  return context && { requestId: context.requestId, ...(context.trace && { trace: context.trace }) };
};

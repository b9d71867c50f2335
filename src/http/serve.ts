import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Problem } from '../errors.ts';
import { problemDocument } from './error-handler.ts';

export interface RunningServer {
  /** The port it listens on; useful when 0 asked for a free one. */
  port: number;
  isDraining(): boolean;
  /** Stops listening, answers what still comes on open connections, and resolves when the last one is closed. */
  drain(): Promise<void>;
}

interface ServeOptions {
  host: string;
  port: number;
  /** How long open connections may bring further requests after the listener closed. */
  drainSeconds: number;
}

/** Longer than the balancer's upstream keepalive (nginx.conf: 2 s), so that it is the balancer that hangs up. */
const KEEP_ALIVE_MS = 75_000;

/**
 * Requests that a connection may bring, about, before its next reply ends it, as nginx's keepalive_requests: what was
 * opened while one process was quick or alone spreads over all processes again.
 */
const RENEW_AFTER = 1_000;

/** Tells when a connection has brought its share: between half of it and all, so that not all end together. */
const countRequests = () => {
  const left = new WeakMap<object, number>();
  return (socket: object): boolean => {
    const now = (left.get(socket) ?? RENEW_AFTER * (0.5 + Math.random() / 2)) - 1;
    left.set(socket, now);
    return now < 0;
  };
};

const MALFORMED: Record<string, Problem> = {
  HPE_HEADER_OVERFLOW: {
    code: 'headers_too_large',
    status: 431,
    detail: 'The URL or the headers are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request_timeout',
    status: 408,
    detail: 'The request did not arrive in time.',
  },
};
const NOT_HTTP: Problem = {
  code: 'malformed_http',
  status: 400,
  detail: 'This is not well-formed HTTP/1.1.',
};

/** What Express never sees, because Node could not parse it, is answered by hand. */
const answerMalformed = (error: Error & { code?: string }, socket: Duplex) => {
  if (!socket.writable || error.code === 'ECONNRESET') return socket.destroy();
  const problem = MALFORMED[error.code ?? ''] ?? NOT_HTTP;
  const body = JSON.stringify(problemDocument(problem, randomUUID()));
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
};

/**
 * Why not server.close(): it also cuts idle keep-alive connections, and a request that is on its way on one of them
 * is lost. So the listener closes first, and the balancer's connections end by its own keepalive time or by the
 * `Connection: close` of their next reply; see docs/decisions/draining.md.
 */
const drainServer = async (
  server: Server,
  replies: ReadonlySet<ServerResponse>,
  drainSeconds: number,
): Promise<void> => {
  const closed = once(server, 'close');
  NetServer.prototype.close.call(server);
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise((resolve) => {
    timer = setTimeout(resolve, drainSeconds * 1_000);
  });
  await Promise.race([closed, waited]);
  clearTimeout(timer);
  server.closeIdleConnections();
  for (const reply of replies) await once(reply, 'close'); // the process's hard stop bounds this
  // What is left asked nothing, or was kept alive by a reply that began before the draining.
  server.closeAllConnections();
  await closed;
};

/** Starts to listen. @throws when the port is taken. */
export const startServer = async (
  listener: RequestListener,
  options: ServeOptions,
): Promise<RunningServer> => {
  const server = createServer({
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
  });
  let draining = false;
  const replies = new Set<ServerResponse>(); // under way
  const hasBroughtItsShare = countRequests();
  server.on('request', ({ socket }, response) => {
    replies.add(response);
    response.on('close', () => replies.delete(response));
    if (hasBroughtItsShare(socket) || draining) response.setHeader('Connection', 'close');
  });
  server.on('request', listener);
  server.on('clientError', answerMalformed);
  server.listen(options.port, options.host, 4_096); // as nginx.conf's burst; the kernel caps it at somaxconn
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    isDraining: () => draining,
    drain: () => {
      draining = true;
      return drainServer(server, replies, options.drainSeconds);
    },
  };
};

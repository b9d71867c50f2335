import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Problem } from '../errors.ts';
import { problemDocument } from './error-handler.ts';

export interface RunningServer {
  /** The port it listens on; useful when 0 asked for a free one. */
  port: number;
  /** Stops listening, answers what still comes on open connections, and resolves when the last one is closed. */
  drain(): Promise<void>;
}

interface ServeOptions {
  host: string;
  port: number;
  /** How long open connections may bring further requests after the listener closed. */
  drainSeconds: number;
  /** Aborted when draining begins: what has no end of its own then comes to one. */
  draining: AbortController;
}

/** Longer than the balancer's upstream keepalive (nginx.conf: 2 s), so that it is the balancer that hangs up. */
const KEEP_ALIVE_MS = 75_000;

/**
 * Requests that a connection may bring, about, before its next reply ends it, as nginx's keepalive_requests: what was
 * opened while one process was quick or alone spreads over all processes again.
 */
const RENEW_AFTER = 1_000;

const left = Symbol('requests that the connection may still bring');

/**
 * Counts a request of a connection, and tells when it was the last: between half of the share and all of it, so that
 * not all end together. On the socket itself, since looking it up in a WeakMap costs more than all routing.
 */
const isLastOf = (socket: Socket & { [left]?: number }): boolean => {
  socket[left] ??= Math.ceil(RENEW_AFTER * (0.5 + Math.random() / 2));
  socket[left] -= 1;
  return socket[left] <= 0;
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

/** A count and no Set of them, which would keep what is long answered alive through many collections. */
const countUnderWay = () => {
  let count = 0;
  let tell = () => {};
  return {
    add: (response: ServerResponse) => {
      count += 1;
      response.on('close', () => {
        count -= 1;
        if (count === 0) tell();
      });
    },
    whenNone: () =>
      new Promise<void>((resolve) => {
        tell = resolve;
        if (count === 0) resolve();
      }),
  };
};

const QUIET_TURN_MS = 0.5;
const MOST_TURNS = 50;

/**
 * Closing a listener resets what waits to be accepted. A turn of the event loop takes that in, but what comes while the
 * turn works on requests waits again; so this ends with a turn that had next to nothing to do, if there is one.
 */
const untilJustAccepted = async (): Promise<void> => {
  let began = 0;
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    await nextTurn();
    if (performance.now() - began < QUIET_TURN_MS) return;
    began = performance.now();
  }
};

/**
 * Why not server.close(): it also cuts idle keep-alive connections, and a request that is on its way on one of them
 * is lost. So the listener closes first, and the balancer's connections end by its own keepalive time or by the
 * `Connection: close` of their next reply; see docs/decisions/draining.md.
 */
const drainServer = async (
  server: Server,
  whenAllAnswered: () => Promise<void>,
  { draining, drainSeconds }: ServeOptions,
): Promise<void> => {
  const closed = once(server, 'close');
  await untilJustAccepted();
  NetServer.prototype.close.call(server);
  draining.abort(); // only now, or who is told to come back would find this listener still open
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise((resolve) => {
    timer = setTimeout(resolve, drainSeconds * 1_000);
  });
  await Promise.race([closed, waited]);
  clearTimeout(timer);
  server.closeIdleConnections();
  await whenAllAnswered(); // the process's hard stop bounds this
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
  const { draining } = options;
  const answers = countUnderWay();
  server.on('request', ({ socket }, response) => {
    answers.add(response);
    if (isLastOf(socket) || draining.signal.aborted) response.setHeader('Connection', 'close');
  });
  server.on('request', listener);
  server.on('clientError', answerMalformed);
  server.listen(options.port, options.host, 4_096); // as nginx.conf's burst; the kernel caps it at somaxconn
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    drain: () => drainServer(server, answers.whenNone, options),
  };
};

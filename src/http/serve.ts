import { once } from 'node:events';
import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';

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

const answerMalformed = (error: Error & { code?: string }, socket: Socket) => {
  if (!socket.writable || error.code === 'ECONNRESET') return socket.destroy();
  const statuses: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };
  const status = statuses[error.code ?? ''] ?? 400;
  const code = { 431: 'headers_too_large', 408: 'request_timeout', 400: 'malformed_http' }[status];
  const title = STATUS_CODES[status];
  const body = JSON.stringify({ type: `urn:multiplex:problem:${code}`, title, status, code });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
};

/**
 * Why not server.close(): it also cuts idle keep-alive connections, and a request that is on its way on one of them
 * is lost. So the listener closes first, and the balancer's connections end by its own keepalive time or by the
 * `Connection: close` of their next reply; see docs/decisions/draining.md.
 */
const drainServer = async (server: Server, drainSeconds: number): Promise<void> => {
  const closed = once(server, 'close');
  NetServer.prototype.close.call(server);
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise((resolve) => {
    timer = setTimeout(resolve, drainSeconds * 1_000);
  });
  await Promise.race([closed, waited]);
  clearTimeout(timer);
  server.closeIdleConnections();
  await closed; // replies under way finish; the process's hard stop bounds this
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
  server.on('request', (_request, response) => {
    if (draining) response.setHeader('Connection', 'close');
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
      return drainServer(server, options.drainSeconds);
    },
  };
};

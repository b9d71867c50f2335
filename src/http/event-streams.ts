import type { Request, Response } from 'express';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Metrics } from '../infrastructure/metrics.ts';
import { addressKey } from './rate-limit.ts';

/** One client that listens. */
export interface EventStream {
  /** The id of the last event that the client saw, when it comes back (Last-Event-ID). */
  lastEventId: string | undefined;
  /** Sends events made by {@link encodeEvent}; a client that does not take them is dropped, and comes back. */
  write(events: Buffer): void;
}

/** Called when the stream is open; returns what to call when it has ended. */
export type EventSource = (stream: EventStream) => () => void;

/** One event as it goes over the wire (WHATWG HTML, "Server-sent events"); made once for all clients. */
export const encodeEvent = (event: { name: string; id: string; data: unknown }): Buffer =>
  Buffer.from(`id: ${event.id}\nevent: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`);

/** What may lie unread in this process; the kernel holds some more. */
const UNREAD_BYTES = 65_536;
const HEARTBEAT = Buffer.from(':\n\n'); // a comment, which clients skip

/** When to come back, in milliseconds: not all at once. */
const retry = (from: number, to: number) => `retry: ${Math.round(from + Math.random() * (to - from))}\n\n`;
const comeBack = () => retry(1_000, 3_000);
const comeBackNow = () => retry(50, 500);

const refuse = (code: string, status: number, detail: string) =>
  new AppError({ code, status, detail, retryAfterSeconds: 5 });

/** Counts the open streams, all and by address, and refuses those over the limits. */
const createRegister = (limits: Config['eventStreams'], metrics: Metrics) => {
  const open = new Set<Response>();
  const perAddress = new Map<string, number>();
  const count = (address: string, step: 1 | -1) => {
    const left = (perAddress.get(address) ?? 0) + step;
    if (left > 0) perAddress.set(address, left);
    else perAddress.delete(address);
    metrics.eventStreams.set(open.size);
  };
  return {
    open,
    admit: (address: string) => {
      if (open.size >= limits.perInstance)
        throw refuse('instance_full', 503, 'This instance has as many event streams as it takes.');
      if ((perAddress.get(address) ?? 0) >= limits.perAddress)
        throw refuse(
          'too_many_streams',
          429,
          `Only ${limits.perAddress} event streams at a time are allowed.`,
        );
    },
    add: (address: string, response: Response) => {
      open.add(response);
      count(address, 1);
      response.on('close', () => {
        open.delete(response);
        count(address, -1);
      });
    },
  };
};

interface StreamParts {
  instance: string;
  limits: Config['eventStreams'];
  metrics: Metrics;
  draining: AbortSignal;
}

/** All event streams of this process: bounded in number, kept alive, and sent elsewhere when it drains. */
export const createEventStreams = ({ instance, limits, metrics, draining }: StreamParts) => {
  const { open, admit, add } = createRegister(limits, metrics);
  const drop = (response: Response) => {
    metrics.eventStreamsDropped.inc();
    response.destroy();
  };
  const write = (response: Response, bytes: Buffer) => {
    response.write(bytes);
    if (response.writableLength > UNREAD_BYTES) drop(response);
  };
  const beat = () => {
    for (const response of open) {
      // It has taken nothing since it was last written to: gone without a word, or far too slow.
      if (response.writableLength > 0) drop(response);
      else response.write(HEARTBEAT);
    }
  };
  const timer = setInterval(beat, limits.heartbeatSeconds * 1_000).unref();
  draining.addEventListener('abort', () => {
    clearInterval(timer);
    for (const response of open) response.end(comeBackNow());
  });

  /** Answers with a stream of what `source` writes. @throws {AppError} 429 or 503 when there are too many. */
  return (request: Request, response: Response, source: EventSource): void => {
    const address = addressKey(request.ip);
    admit(address);
    response.setHeader('Content-Type', 'text/event-stream');
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Accel-Buffering', 'no'); // for an nginx whose configuration is not ours
    if (response.destroyed) return; // the client left while the handler worked
    if (request.method === 'HEAD') return void response.end();
    if (draining.aborted) return void response.end(comeBackNow());
    add(address, response);
    response.write(`event: served-by\ndata: ${JSON.stringify({ instance })}\n${comeBack()}`);
    const stop = source({
      lastEventId: request.get('last-event-id'),
      write: (events) => write(response, events),
    });
    response.on('close', stop);
  };
};

export type EventStreams = ReturnType<typeof createEventStreams>;

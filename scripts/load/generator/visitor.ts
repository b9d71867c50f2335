import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import type { Recorder } from './recorder.ts';

/** What a request was answered. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: scenarios look into replies of every shape
  body: any;
}

export interface Call {
  /** Its kind, for the report: the method and the route, as in `GET /v1/catalog/screenings/:id`. */
  name: string;
  /** When it is not that of the name. */
  path?: string;
  token?: string | undefined;
  headers?: Record<string, string>;
  json?: unknown;
  /** Statuses that are no failure; 200 when nothing is said. */
  expects?: readonly number[];
}

/** One who came, and does one thing after the other. */
export interface Visitor {
  call(call: Call): Promise<Answer>;
  /** Waits, `seconds` on average, for as long as people differ (exponentially). */
  think(seconds: number): Promise<void>;
}

/** The visit is over: an answer was not as expected, and who needed it cannot go on. */
export class Disappointed extends Error {
  readonly answer: Answer | undefined;

  constructor(message: string, answer?: Answer, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Disappointed';
    this.answer = answer;
  }
}

const TIMEOUT_MS = 10_000;
const MOST_CONNECTIONS = 1_000;
/** Below nginx's and the API's, so that this side hangs up first and no request meets a closed connection. */
const KEEP_ALIVE_MS = 1_500;

/** The connections of all visitors. Time limits are the client's own: a signal for each request costs as much as the rest. */
export const createAgent = () =>
  new Agent({
    connections: MOST_CONNECTIONS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectTimeout: TIMEOUT_MS,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });

const LONGEST_THOUGHT = 4; // times the average, or some visits would outlast any run

const faultOf = (answer: Answer) => `${answer.status} ${answer.body?.code ?? ''}`.trim();

interface VisitorParts {
  agent: Agent;
  target: string;
  recorder: Recorder;
  /** Seconds since the start of the run. */
  now(): number;
  paces: boolean;
}

/** @param due when the first request is due, in seconds of the run; each later one is when its turn comes. */
export const createVisitor = (
  { agent, target, recorder, now, paces }: VisitorParts,
  due: number,
): Visitor => {
  let next: number | undefined = due;

  const send = async ({ name, path, token, headers = {}, json }: Call): Promise<Answer> => {
    const [method = 'GET', route = '/'] = name.split(' ');
    const {
      statusCode,
      headers: given,
      body,
    } = await agent.request({
      origin: target,
      method: method as 'GET',
      path: path ?? route,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: json === undefined ? null : JSON.stringify(json),
    });
    const text = await body.text();
    const isJson = String(given['content-type'] ?? '').includes('json');
    return { status: statusCode, headers: given, body: isJson && text ? JSON.parse(text) : undefined };
  };

  return {
    call: async (call) => {
      const dueAt = next ?? now();
      next = undefined;
      recorder.sent(dueAt);
      const end = (fault?: string, answer?: Answer) =>
        recorder.ended({
          name: call.name,
          due: dueAt,
          seconds: now() - dueAt,
          fault,
          servedBy: answer?.headers['x-served-by'] as string | undefined,
        });
      const answer = await send(call).catch((error: NodeJS.ErrnoException) => {
        end(error.code ?? error.message);
        throw new Disappointed(`${call.name}: ${error.message}`, undefined, { cause: error });
      });
      if ((call.expects ?? [200]).includes(answer.status)) {
        end(undefined, answer);
        return answer;
      }
      end(faultOf(answer), answer);
      throw new Disappointed(`${call.name}: ${faultOf(answer)}`, answer);
    },
    think: async (seconds) => {
      if (paces) await sleep(Math.min(LONGEST_THOUGHT, -Math.log(1 - Math.random())) * seconds * 1_000);
    },
  };
};

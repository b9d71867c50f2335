import { Agent, request } from 'node:http';

interface Shot {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface Tally {
  answered: Record<number, number>;
  /** Requests whose connection broke before the whole answer was there, by error code; new connections apart. */
  broken: Record<string, number>;
}

/** No answer may take as long, so one that does counts as lost instead of ending no test. */
const ANSWER_WITHIN_MS = 15_000;

/** Keeps `connections` keep-alive connections busy until `stop`, one request after the other on each. */
export const startLoad = (url: string, connections: number, next: (index: number) => Shot) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const tally: Tally = { answered: {}, broken: {} };
  let stopped = false;
  let sent = 0;

  const shoot = ({ method, path, headers = {}, body }: Shot) =>
    new Promise<void>((resolve) => {
      const content = body === undefined ? '' : JSON.stringify(body);
      const type = content
        ? { 'content-type': 'application/json', 'content-length': String(content.length) }
        : {};
      const broken = (error: NodeJS.ErrnoException) => {
        const code = `${error.code ?? error.message}${outgoing.reusedSocket ? '' : ' of a new connection'}`;
        tally.broken[code] = (tally.broken[code] ?? 0) + 1;
        resolve();
      };
      const outgoing = request(
        `${url}${path}`,
        { agent, method, headers: { ...headers, ...type } },
        (reply) => {
          reply.on('error', broken);
          reply.resume().on('end', () => {
            const status = reply.statusCode ?? 0;
            tally.answered[status] = (tally.answered[status] ?? 0) + 1;
            resolve();
          });
        },
      );
      outgoing.on('error', broken);
      outgoing.setTimeout(ANSWER_WITHIN_MS, () => outgoing.destroy(new Error('never answered')));
      outgoing.end(content);
    });

  const run = async () => {
    while (!stopped) {
      await shoot(next(sent++));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const running = Promise.all(Array.from({ length: connections }, run));
  return {
    tally,
    stop: async (): Promise<Tally> => {
      stopped = true;
      await running;
      agent.destroy();
      return tally;
    },
  };
};

export const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((all, one) => all + one, 0);

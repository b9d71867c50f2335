import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { stackUrl } from './stack.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects, and fails when it is not there
  json: any;
}

export interface Call {
  method?: string;
  token?: string | undefined;
  headers?: Record<string, string>;
  body?: unknown;
}

/** Far above any timeout of nginx (30 s) would only hide a hang. */
const TIMEOUT_MS = 35_000;

const parse = (text: string) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Makes a client with keep-alive connections of its own. It follows and repeats nothing, so every fault is seen. */
export const createClient = (connections = 16) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const call = (path: string, { method = 'GET', token, headers = {}, body }: Call = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const outgoing = request(new URL(path, stackUrl), { method, agent, timeout: TIMEOUT_MS });
      for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
      if (token) outgoing.setHeader('Authorization', `Bearer ${token}`);
      if (text !== undefined) outgoing.setHeader('Content-Type', 'application/json');
      outgoing.on('error', reject);
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const reply = Buffer.concat(chunks).toString();
          const { statusCode: status = 0, headers: received } = incoming;
          resolve({ status, headers: received, text: reply, json: parse(reply) });
        });
      });
      outgoing.end(text);
    });
  return { call, close: () => agent.destroy() };
};

export type Client = ReturnType<typeof createClient>;

/** Does what Retry-After says, while the answer is one of `statuses`; tells how often it had to. */
export const callPatiently = async (send: () => Promise<Answer>, statuses: number[]) => {
  for (let waits = 0; ; waits += 1) {
    const answer = await send();
    const seconds = Number(answer.headers['retry-after']);
    if (!statuses.includes(answer.status) || !seconds || waits === 10) return { answer, waits };
    await sleep(seconds * 1_000);
  }
};

import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';

interface Purchase {
  screeningId: string;
  seat: string;
}

const MOST_TRIES = 60;
const LONGEST_PAUSE_MS = 2_000;
/** Purchases under way at a time: whoever waits for an answer buys nothing else meanwhile. */
const BUYERS = 150;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The status of the answer; 0 when the connection broke and nobody knows what happened. */
const post = (agent: Agent, url: string, headers: Record<string, string>, content: string) =>
  new Promise<number>((resolve) => {
    const outgoing = request(url, { agent, method: 'POST', headers }, (reply) => {
      reply.on('error', () => resolve(0));
      reply.resume().on('end', () => resolve(reply.statusCode ?? 0));
    });
    outgoing.on('error', () => resolve(0));
    outgoing.end(content);
  });

/**
 * Buys one seat as a careful client does: with a key, and again until the answer is known. A connection that breaks
 * says nothing, so the next instance is asked, after a pause that grows (with full jitter).
 */
const buy = async (
  agent: Agent,
  urls: readonly string[],
  token: string,
  purchase: Purchase,
  first: number,
) => {
  const content = JSON.stringify({ screeningId: purchase.screeningId, seats: [purchase.seat] });
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': String(content.length),
    'idempotency-key': randomUUID(),
  };
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    const url = `${urls[(first + attempt) % urls.length]}/v1/tickets/purchases`;
    const status = await post(agent, url, headers, content);
    if (status === 201) return attempt;
    if (status !== 0 && status !== 409 && status < 500)
      throw new Error(`seat ${purchase.seat}: status ${status}`);
    await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, 50 * 2 ** attempt));
  }
  throw new Error(`seat ${purchase.seat}: no answer in ${MOST_TRIES} tries`);
};

/** Buys the seats at `perSecond`, or slower where the answers take too long; resolves with the number of retries. */
export const buyAll = async (
  urls: readonly string[],
  token: string,
  purchases: readonly Purchase[],
  perSecond: number,
): Promise<number> => {
  const agent = new Agent({ keepAlive: true });
  const startedAt = performance.now();
  let index = 0;
  let retries = 0;
  const buyer = async () => {
    for (let mine = index++; mine < purchases.length; mine = index++) {
      const due = startedAt + (mine * 1_000) / perSecond;
      if (due > performance.now()) await pause(due - performance.now());
      retries += await buy(agent, urls, token, purchases[mine] as Purchase, mine);
    }
  };
  await Promise.all(Array.from({ length: BUYERS }, buyer));
  agent.destroy();
  return retries;
};

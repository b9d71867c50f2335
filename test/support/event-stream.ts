import { type Agent, type IncomingMessage, request } from 'node:http';

export interface ReceivedEvent {
  name: string;
  id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every shape
  data: any;
}

export interface ListenOptions {
  lastEventId?: string | undefined;
  agent?: Agent;
}

/** Parses as much of a stream as is there; `heard` gets each block of lines. */
const createParser = (heard: (fields: Map<string, string>) => void) => {
  let rest = '';
  return (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks)
      heard(new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string])));
  };
};

/** One event stream as a client without a browser hears it; resolves when the reply's head is there. */
export const listen = async (url: string, { lastEventId, agent }: ListenOptions = {}) => {
  const headers = lastEventId ? { 'Last-Event-ID': lastEventId } : {};
  const asked = request(url, { headers, ...(agent && { agent }) });
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.on('response', resolve).on('error', reject).end();
  });
  const events: ReceivedEvent[] = [];
  const state = { comments: 0, retryMs: 0, lastEventId, complete: false };
  const parse = createParser((fields) => {
    if (fields.has('')) state.comments += 1;
    if (fields.has('retry')) state.retryMs = Number(fields.get('retry'));
    if (fields.get('id')) state.lastEventId = fields.get('id');
    const [name, data] = [fields.get('event'), fields.get('data')];
    if (name && data) events.push({ name, id: fields.get('id'), data: JSON.parse(data) });
  });
  reply.setEncoding('utf8').on('data', parse);
  const ended = new Promise<void>((resolve) => {
    reply.on('end', () => {
      state.complete = true;
    });
    reply.on('error', () => {}).on('close', resolve);
  });
  return { reply, events, state, ended, close: () => void asked.destroy() };
};

export type Listening = Awaited<ReturnType<typeof listen>>;

/** The instance that a stream comes from, as it said itself. */
export const servedBy = ({ events }: Listening): string | undefined =>
  events.find(({ name }) => name === 'served-by')?.data.instance;

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into replies of every shape
  body: any;
  text: string;
}

/** One request by fetch, which opens as many connections as there are requests at a time: for crowds. */
export const send = async (
  url: string,
  { method = 'GET', headers = {}, json }: { method?: string; headers?: HeadersInit; json?: unknown } = {},
): Promise<Answer> => {
  const content = json === undefined ? {} : { 'Content-Type': 'application/json' };
  const response = await fetch(url, {
    method,
    headers: { ...content, ...Object.fromEntries(new Headers(headers)) },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text ? JSON.parse(text) : undefined,
  };
};

/** How often each status came, such as `{ 201: 1, 409: 199 }`. */
export const tally = (answers: readonly { status: number }[]): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

/** Makes `count` calls at once. */
export const crowd = <T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)));

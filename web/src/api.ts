import { createClient, type Schemas } from '@multiplex/client';
import { noAnswer, Problem } from './problem.ts';
import { noteAnswer } from './served-by.ts';
import { session } from './session.ts';

export type { Schemas } from '@multiplex/client';

const PATIENCE_MS = 15_000;

export const api = createClient({
  fetch: async (request) => {
    const token = session.get()?.csrfToken;
    if (token) request.headers.set('X-CSRF-Token', token);
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => {
      throw noAnswer();
    });
    noteAnswer(request.method, new URL(request.url).pathname, response.headers.get('x-served-by'));
    return response;
  },
});

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

const toProblem = (error: unknown, { status, headers }: Response) => {
  const { code, detail } = (typeof error === 'object' && error !== null ? error : {}) as Partial<
    Schemas['Problem']
  >;
  const retryAfter = Number(headers.get('retry-after')) || undefined;
  const known = {
    code: code ?? 'unexpected',
    status,
    detail: detail ?? 'The cinema answered in a way unknown here.',
  };
  return new Problem(known, retryAfter);
};

/** The data of an answer. @throws {Problem} for all that is no success. */
export const dataOf = async <T>(call: Promise<Result<T>>): Promise<T> => {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  const problem = toProblem(error, response);
  if (problem.status === 401 && session.get()) session.set(null); // ended elsewhere, or expired
  throw problem;
};

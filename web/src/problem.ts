/** Why a request failed: the API's problem document, or that no answer came. */
export class Problem extends Error {
  readonly code: string;
  /** 0 when no answer came. */
  readonly status: number;
  /** From Retry-After; undefined when the answer has none. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    { code, status, detail }: { code: string; status: number; detail: string },
    retryAfter?: number,
  ) {
    super(detail);
    this.code = code;
    this.status = status;
    this.retryAfterSeconds = retryAfter;
  }
}

export const noAnswer = () =>
  new Problem({
    code: 'no_answer',
    status: 0,
    detail: navigator.onLine ? 'The cinema does not answer.' : 'You are offline.',
  });

/** Whether the same request may succeed a little later, and its effect is not known. */
export const isPassing = ({ code, status }: Problem) =>
  status === 0 || status >= 500 || status === 429 || code === 'idempotency_key_in_use';

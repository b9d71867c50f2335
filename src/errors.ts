/** What a client may be told about a failure. `code` is stable: clients branch on it, so never rename one. */
export interface Problem {
  /** snake_case, stable across versions. */
  code: string;
  /** HTTP status, 4xx or 5xx. */
  status: number;
  /** One sentence for a person; never holds internals. */
  detail: string;
  /** Sent as Retry-After, in whole seconds. */
  retryAfterSeconds?: number;
  /** Extra JSON members of the problem document (RFC 9457 section 3.2). */
  extensions?: Record<string, unknown>;
}

/** The only error that crosses a feature's contract; every other error is a fault of ours and becomes a 500. */
export class AppError extends Error {
  readonly problem: Readonly<Problem>;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(`${problem.code}: ${problem.detail}`, options);
    this.name = 'AppError';
    this.problem = problem;
  }
}

export interface Fault {
  /** Where: `body`, `query`, `params` or `headers`. */
  in: string;
  /** Dotted path of the faulty member; empty for the whole. */
  path: string;
  message: string;
}

export const invalidRequest = (faults: Fault[]) =>
  new AppError({
    code: 'invalid_request',
    status: 400,
    detail: 'The request does not fit what this route accepts.',
    extensions: { faults },
  });

export const unauthenticated = (detail = 'This route needs a login.', code = 'unauthenticated') =>
  new AppError({ code, status: 401, detail });

export const forbidden = (detail: string, code = 'forbidden') => new AppError({ code, status: 403, detail });

export const notFound = (what: string) =>
  new AppError({ code: 'not_found', status: 404, detail: `There is no such ${what}.` });

/** A rule of the domain says no. `extensions` tells the client what to change. */
export const conflict = (code: string, detail: string, extensions: Record<string, unknown> = {}) =>
  new AppError({ code, status: 409, detail, extensions });

/** A dependency is down; `cause` is for the log only. */
export const unavailable = (dependency: string, cause?: unknown) =>
  new AppError(
    {
      code: 'dependency_unavailable',
      status: 503,
      detail: `This route needs ${dependency}, which does not answer at the moment.`,
      retryAfterSeconds: 2,
      extensions: { dependency },
    },
    { cause },
  );

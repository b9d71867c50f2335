import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { AppError, notFound, type Problem, unavailable } from '../errors.ts';
import { isDatabaseUnavailable } from '../infrastructure/database.ts';
import type { Logger } from '../infrastructure/logger.ts';
import { isRedisUnavailable } from '../infrastructure/redis.ts';
import { requestContext } from '../infrastructure/request-context.ts';

/** Faults found by Express and its body parser before a handler ran, by their `type`. */
const PARSER_PROBLEMS: Record<string, Problem> = {
  'entity.parse.failed': { code: 'malformed_json', status: 400, detail: 'The body is not valid JSON.' },
  'entity.too.large': { code: 'body_too_large', status: 413, detail: 'The body is too large.' },
  'encoding.unsupported': {
    code: 'unsupported_encoding',
    status: 415,
    detail: 'Unsupported Content-Encoding.',
  },
  'charset.unsupported': { code: 'unsupported_charset', status: 415, detail: 'JSON must be UTF-8.' },
};

const fromParser = (error: { type?: string; status?: number }): AppError | undefined => {
  const known = error.type && PARSER_PROBLEMS[error.type];
  if (known) return new AppError(known);
  if (error.status && error.status >= 400 && error.status < 500)
    return new AppError({ code: 'bad_request', status: error.status, detail: 'The request is malformed.' });
  return undefined;
};

const toAppError = (error: unknown): AppError => {
  if (error instanceof AppError) return error;
  // First, as a client that hangs up looks like a broken socket to a database too.
  const malformed = fromParser(error as object);
  if (malformed) return malformed;
  if (isDatabaseUnavailable(error)) return unavailable('postgres', error);
  if (isRedisUnavailable(error)) return unavailable('redis', error);
  return new AppError(
    { code: 'internal_error', status: 500, detail: 'Something went wrong on our side.' },
    { cause: error },
  );
};

/** A problem as the client gets it (RFC 9457). `type` is a URN, because the codes are documented in the OpenAPI page. */
export const problemDocument = (
  { code, status, detail, extensions }: Problem,
  requestId: string | undefined,
): Record<string, unknown> => ({
  ...extensions,
  type: `urn:multiplex:problem:${code}`,
  title: code.replaceAll('_', ' '),
  status,
  code,
  detail,
  requestId,
});

export const sendProblem = (response: Response, problem: Problem): void => {
  const { status, retryAfterSeconds } = problem;
  if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds));
  if (status === 401) response.set('WWW-Authenticate', 'Bearer');
  response.set('Cache-Control', 'no-store');
  response.status(status).type('application/problem+json');
  response.send(JSON.stringify(problemDocument(problem, requestContext.getStore()?.requestId)));
};

/** The last handler: answers every error as a problem, and logs those that are ours to mend. */
export const createErrorHandler =
  (logger: Logger): ErrorRequestHandler =>
  (error, _request, response, next) => {
    const appError = toAppError(error);
    if (appError.problem.status >= 500) logger.error({ err: appError.cause ?? error }, appError.message);
    if (response.headersSent) return next(error); // Express cuts the connection: the reply cannot be mended
    sendProblem(response, appError.problem);
  };

export const routeNotFound: RequestHandler = () => {
  throw notFound('route');
};

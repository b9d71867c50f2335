import { json, type RequestHandler, Router } from 'express';
import { type Fault, invalidRequest, notFound } from '../../errors.ts';
import { requestContext } from '../../infrastructure/request-context.ts';
import { type Offer, TIMEOUT_HEADER } from './contract.ts';
import type { InternalTokens } from './internal-tokens.ts';

const requireNeighbour =
  (tokens: InternalTokens): RequestHandler =>
  (request, _response, next) => {
    const found = tokens.verify(request.headers.authorization?.slice('Bearer '.length) ?? '');
    const context = requestContext.getStore();
    if (context) Object.assign(context, found);
    next();
  };

/** For whom an operation is done, in process or over HTTP. @throws when it is for nobody: a fault of the caller's. */
export const actingUser = (): string => {
  const userId = requestContext.getStore()?.userId;
  if (!userId) throw new Error('this operation is done for a user, and none is known');
  return userId;
};

/** What this request calls in turn must answer within the time that its own caller waits. */
const keepDeadline: RequestHandler = (request, _response, next) => {
  const context = requestContext.getStore();
  const timeoutMs = Number(request.headers[TIMEOUT_HEADER]);
  if (context && timeoutMs > 0) context.deadline = performance.now() + timeoutMs;
  next();
};

/**
 * POST /internal/<feature>/<operation> `{ input }` → `{ output }`, for processes that serve other features. nginx passes
 * none of it on, and it takes a token of ours.
 */
export const serveContracts = (offers: readonly Offer[], tokens: InternalTokens): Router => {
  const router = Router();
  router.use('/internal', requireNeighbour(tokens), keepDeadline, json());
  for (const { contract, calls } of offers) {
    for (const [name, { input, output }] of Object.entries(contract.operations)) {
      const path = `/internal/${contract.name}/${name}`;
      router.post(path, async (request, response) => {
        response.locals.route = path;
        const parsed = input.safeParse(request.body?.input);
        if (!parsed.success) throw invalidRequest(faultsOf(parsed.error.issues));
        const answer = await calls[name]?.(parsed.data as never);
        response.json({ output: output.parse(answer) }); // what the contract does not name stays here
      });
    }
  }
  router.use('/internal', () => {
    throw notFound('operation');
  });
  return router;
};

const faultsOf = (issues: readonly { path: PropertyKey[]; message: string }[]): Fault[] =>
  issues.map(({ path, message }) => ({ in: 'body', path: ['input', ...path].join('.'), message }));

import { json, type Request, type RequestHandler, type Response, Router } from 'express';
import type { z } from 'zod';
import { AppError, type Fault, invalidRequest } from '../errors.ts';
import { requestContext } from '../infrastructure/request-context.ts';
import type { Admission } from './admission.ts';
import type { EventStreams } from './event-streams.ts';
import type { createOnce } from './idempotency.ts';
import type { Reply, Route } from './route.ts';

interface MountParts {
  admit: Admission;
  once: ReturnType<typeof createOnce>;
  openStream: EventStreams;
  bodyLimitBytes: number;
  /** Checks each reply against its schema, so that the document cannot drift; costs time, so not in production. */
  verifyReplies: boolean;
}

const PLACES = ['params', 'query', 'body'] as const;
type Input = Record<(typeof PLACES)[number], unknown>;

const faultsOf = (place: string, error: z.ZodError): Fault[] =>
  error.issues.map((issue) => ({ in: place, path: issue.path.join('.'), message: issue.message }));

/** Validates all places before it complains, so that the client learns every fault at once. */
const parseInput = (route: Route, request: Request): Input => {
  const input: Input = { params: undefined, query: undefined, body: undefined };
  const faults: Fault[] = [];
  for (const place of PLACES) {
    const schema: z.ZodType | undefined = route[place];
    const result = schema?.safeParse(request[place] ?? {});
    if (result?.success) input[place] = result.data;
    else if (result) faults.push(...faultsOf(place, result.error));
  }
  if (faults.length > 0) throw invalidRequest(faults);
  return input;
};

const requireJson = (request: Request) => {
  if (request.headers['content-type'] && !request.is('application/json'))
    throw new AppError({
      code: 'unsupported_media_type',
      status: 415,
      detail: 'The body must be application/json.',
    });
};

const serialize = ({ body, json: text }: Reply): string | undefined =>
  text ?? (body === undefined ? undefined : JSON.stringify(body));

const verifyReply = (route: Route, reply: Reply) => {
  const schema = route.replies[reply.status];
  if (schema === undefined) throw new Error(`${route.path} does not document status ${reply.status}`);
  schema?.parse(JSON.parse(serialize(reply) ?? 'null'));
};

/** Past Express's own `send`, which looks up types and guesses charsets that are known here. */
const send = (response: Response, reply: Reply) => {
  response.statusCode = reply.status;
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-store');
  const text = serialize(reply);
  if (text !== undefined) response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(text);
};

/** The path of every request through a route: admission, body, validation, handler, reply. */
const createHandler = (route: Route, label: string, parts: MountParts): RequestHandler => {
  const parseBody = json({ limit: parts.bodyLimitBytes });
  const readBody = (request: Request, response: Response) =>
    new Promise<void>((resolve, reject) => {
      requireJson(request);
      parseBody(request, response, (error?: unknown) => (error ? reject(error) : resolve()));
    });

  return async (request, response) => {
    response.locals.route = label;
    const identity = await parts.admit(request, response, route.access);
    const context = requestContext.getStore();
    if (context && identity) context.userId = identity.userId;
    if (route.body) await readBody(request, response);
    const input = parseInput(route, request);
    const once = parts.once(request, identity?.userId ?? 'anonymous', input);
    const reply = await route.handle({ ...input, identity, once, http: { request, response } });
    if (reply.events) return parts.openStream(request, response, reply.events);
    if (parts.verifyReplies) verifyReply(route, reply);
    send(response, reply);
  };
};

const methodNotAllowed =
  (methods: string[]): RequestHandler =>
  (_request, response) => {
    response.set('Allow', methods.join(', '));
    throw new AppError({
      code: 'method_not_allowed',
      status: 405,
      detail: `This route knows ${methods.join(', ')}.`,
    });
  };

/** Builds the Express router of one feature's routes. */
export const mountRoutes = (routes: readonly Route[], prefix: string, parts: MountParts): Router => {
  const router = Router();
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    router[route.method](route.path, createHandler(route, prefix + route.path, parts));
    const known = route.method === 'get' ? ['GET', 'HEAD'] : [route.method.toUpperCase()]; // Express answers HEAD by GET
    methods.set(route.path, [...(methods.get(route.path) ?? []), ...known]);
  }
  // After all routes, or /things/:id would refuse what /things/special accepts.
  for (const [path, known] of methods) router.all(path, methodNotAllowed(known));
  return router;
};

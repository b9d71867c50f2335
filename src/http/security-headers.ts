import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Helmet decides on the headers once; per request they are constants. JSON needs nothing, so the policy allows nothing. */
const collectHeaders = (): Map<string, string> => {
  const headers = new Map<string, string>();
  const response = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: (name: string) => headers.delete(name),
  };
  const apply = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
  });
  apply({} as IncomingMessage, response as unknown as ServerResponse, () => {});
  return headers;
};

export const createSecurityHeaders = (): RequestHandler => {
  const headers = collectHeaders();
  return (_request, response, next) => {
    response.setHeaders(headers);
    next();
  };
};

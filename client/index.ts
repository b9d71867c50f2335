import createFetchClient, { type ClientOptions } from 'openapi-fetch';
import type { components, paths } from './schema.d.ts';

export type { paths } from './schema.d.ts';
export type Schemas = components['schemas'];

/**
 * A client that knows every route, its input and its replies. It throws when no answer came; else the result has
 * `data` or `error`, which is a problem document (RFC 9457): branch on its `code`.
 */
export const createClient = (options?: ClientOptions) => createFetchClient<paths>(options);

export type MultiplexClient = ReturnType<typeof createClient>;

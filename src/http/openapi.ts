import { z } from 'zod';
import type { Route, RouteGroup } from './route.ts';

type Json = Record<string, unknown>;

/** `/users/:id` as OpenAPI writes it. */
export const openApiPath = (path: string) => path.replaceAll(/:(\w+)/g, '{$1}');

/** Converts schemas, and moves those that carry a `.meta({ id })` to components, so that clients get named types. */
const createConverter = () => {
  const components: Json = {};
  const point = (id: string) => ({ $ref: `#/components/schemas/${id}` });

  const hoist = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(hoist);
    if (typeof node !== 'object' || node === null) return node;
    const { $defs, $schema, ...rest } = node as Json;
    for (const [name, definition] of Object.entries(($defs ?? {}) as Json))
      components[name] ??= hoist(definition);
    if (typeof rest.$ref === 'string') return point(rest.$ref.slice(rest.$ref.lastIndexOf('/') + 1));
    // A string is the schema's own name, which components holds; an object is a property that is called id.
    if (typeof rest.id === 'string') delete rest.id;
    return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, hoist(value)]));
  };

  const convert = (schema: z.ZodType, io: 'input' | 'output') =>
    hoist(z.toJSONSchema(schema, { io })) as Json;
  return { components, convert };
};

type Convert = ReturnType<typeof createConverter>['convert'];

const parametersOf = (route: Route, convert: Convert): Json[] => {
  const from = (schema: z.ZodType | undefined, place: string): Json[] => {
    if (!schema) return [];
    const { properties = {}, required = [] } = convert(schema, 'input') as {
      properties?: Json;
      required?: string[];
    };
    return Object.entries(properties).map(([name, property]) => ({
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      schema: property,
    }));
  };
  const key = {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'Unique per attempted creation; send the same key when you repeat the request.',
    schema: { type: 'string', maxLength: 255 },
  };
  return [...from(route.params, 'path'), ...from(route.query, 'query'), ...(route.creates ? [key] : [])];
};

const PROBLEM = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

const repliesOf = (route: Route, convert: Convert): Json => {
  const replies: Json = { default: { description: 'A problem; branch on its code.', content: PROBLEM } };
  for (const [status, codes] of Object.entries(route.problems ?? {}))
    replies[status] = { description: codes.join(', '), content: PROBLEM };
  for (const [status, schema] of Object.entries(route.replies)) {
    const type = route.streams ? 'text/event-stream' : 'application/json';
    const content = schema && { content: { [type]: { schema: convert(schema, 'output') } } };
    replies[status] = { description: 'Success', ...content };
  }
  return replies;
};

const operationOf = (group: RouteGroup, route: Route, convert: Convert): Json => ({
  operationId: `${route.method}_${group.name}${route.path}`.replaceAll(/[^a-zA-Z]+/g, '_').replace(/_$/, ''),
  tags: [group.name],
  summary: route.summary,
  ...(Array.isArray(route.access) && { description: `Needs the role ${route.access.join(' or ')}.` }),
  security: route.access === 'public' ? [] : [{ bearer: [] }, { session: [] }],
  parameters: parametersOf(route, convert),
  ...(route.body && {
    requestBody: {
      required: true,
      content: { 'application/json': { schema: convert(route.body, 'input') } },
    },
  }),
  responses: repliesOf(route, convert),
});

const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string().meta({ description: 'Stable; what a program should look at.' }),
  detail: z.string(),
  requestId: z.string().meta({ description: 'Quote it when you report the problem.' }),
});

/** Makes the OpenAPI 3.1 document from the very definitions that the router is built from. */
export const buildOpenApi = (groups: readonly RouteGroup[], publicUrl: string): Json => {
  const { components, convert } = createConverter();
  components.Problem = convert(problem, 'output');
  const paths: Record<string, Json> = {};
  for (const group of groups) {
    for (const route of group.routes) {
      const path = openApiPath(`/v1/${group.name}${route.path}`).replace(/\/$/, '');
      paths[path] = { ...paths[path], [route.method]: operationOf(group, route, convert) };
    }
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Multiplex', version: '1', description: 'Any instance answers any request.' },
    servers: [{ url: publicUrl }],
    tags: groups.map(({ name, description }) => ({ name, description })),
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        session: { type: 'apiKey', in: 'cookie', name: 'session' },
      },
    },
  };
};

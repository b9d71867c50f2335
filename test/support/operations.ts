import { send } from './send.ts';

// biome-ignore lint/suspicious/noExplicitAny: a JSON Schema has any shape
export type JsonSchema = any;

/** One operation of the OpenAPI document. */
export interface Operation {
  name: string;
  method: string;
  /** With the parameters in braces. */
  path: string;
  query: string[];
  /** Schema of the JSON body, for operations that take one. */
  body: JsonSchema | undefined;
}

/** All operations that the document of this instance has, with the references of their bodies resolved. */
export const readOperations = async (url: string): Promise<Operation[]> => {
  const { body: document } = await send(`${url}/v1/openapi.json`);
  const operations: Operation[] = [];
  for (const [path, item] of Object.entries<Record<string, JsonSchema>>(document.paths))
    for (const [verb, operation] of Object.entries(item)) {
      const method = verb.toUpperCase();
      const parameters: { name: string; in: string }[] = operation.parameters ?? [];
      const query = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
      const body = operation.requestBody?.content['application/json'].schema;
      operations.push({ name: `${method} ${path}`, method, path, query, body });
    }
  return operations;
};

/** The path with every parameter replaced by `value`. */
export const fill = (path: string, value: string) => path.replaceAll(/\{\w+\}/g, value);

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Express } from 'express';
import supertest from 'supertest';
import { openApp } from '../../src/composition.ts';
import { loadConfig } from '../../src/config.ts';
import { createLifecycle } from '../../src/infrastructure/lifecycle.ts';
import { createLogger } from '../../src/infrastructure/logger.ts';
import { testEnv } from '../support/env.ts';
import { createLogs } from '../support/logs.ts';
import type { JsonSchema } from '../support/operations.ts';
import { createDatabaseForTest, sharedRedisUrl } from '../support/servers.ts';

/** Not the API's: for people, supervisors and scrapers; and /internal/, for neighbours. */
const UNDOCUMENTED = ['/livez', '/readyz', '/metrics', '/v1/openapi.json', '/docs', '/docs/start.js'];

let app: Express;
let document: JsonSchema;
let close: () => Promise<void>;

before(async () => {
  const database = await createDatabaseForTest();
  const config = loadConfig(testEnv({ DATABASE_URL: database.url, REDIS_URL: sharedRedisUrl() }));
  const logger = createLogger({ level: 'silent', instance: 'test' }, createLogs());
  const lifecycle = createLifecycle(logger);
  close = () => lifecycle.close().then(database.drop);
  app = await openApp(config, logger, lifecycle, new AbortController().signal);
  document = (await supertest(app).get('/v1/openapi.json').expect(200)).body;
});
after(() => close());

interface Layer {
  rawPath?: string;
  route?: { path: string; methods: Record<string, boolean> };
  handle: { stack?: Layer[] };
}

/** The METHOD and path of all that Express has mounted below these layers. */
const mountedBelow = (layers: Layer[], prefix = ''): string[] =>
  layers.flatMap(({ route, handle, rawPath = '' }) => {
    const path = prefix + rawPath;
    if (!route) return mountedBelow(handle.stack ?? [], path === '/' ? '' : path);
    const full = (prefix + route.path).replace(/(.)\/$/, '$1').replaceAll(/:(\w+)/g, '{$1}');
    const methods = Object.keys(route.methods).filter((method) => method !== '_all');
    return UNDOCUMENTED.includes(full) || full.startsWith('/internal/')
      ? []
      : methods.map((method) => `${method.toUpperCase()} ${full}`);
  });

const operations = (): { name: string; path: string; operation: JsonSchema }[] =>
  Object.entries<Record<string, JsonSchema>>(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  );

const collect = (node: JsonSchema, key: string): JsonSchema[] => {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => [
    ...(name === key ? [value] : []),
    ...collect(value, key),
  ]);
};

const resolve = (reference: string): JsonSchema =>
  reference
    .slice(2)
    .split('/')
    .reduce((node, part) => node?.[part], document);

test('every mounted route is in the document, and nothing else is', () => {
  const mounted = mountedBelow((app as unknown as { router: { stack: Layer[] } }).router.stack);
  assert.ok(mounted.length > 10);
  assert.deepEqual(
    mounted.sort(),
    operations()
      .map(({ name }) => name)
      .sort(),
  );
});

test('the document is OpenAPI 3.1 with all that it must have', () => {
  assert.match(document.openapi, /^3\.1\.\d$/);
  assert.ok(document.info.title && document.info.version);
  for (const { name, operation } of operations()) {
    assert.ok(Object.keys(operation.responses).length > 1, name);
    for (const response of Object.values<JsonSchema>(operation.responses))
      assert.ok(response.description, name);
    for (const tag of operation.tags)
      assert.ok(
        document.tags.some((known: { name: string }) => known.name === tag),
        name,
      );
  }
});

test('every reference leads to a schema, and not back to itself', () => {
  const references = collect(document, '$ref');
  assert.ok(references.length > 10);
  for (const reference of references) {
    assert.ok(resolve(reference), reference);
    assert.notEqual(resolve(reference).$ref, reference);
  }
});

test('every named schema describes something, and all that it requires', () => {
  for (const [name, schema] of Object.entries<JsonSchema>(document.components.schemas)) {
    assert.equal(schema.type, 'object', name);
    for (const member of schema.required) assert.ok(schema.properties[member], `${name}.${member}`);
  }
});

test('operation ids differ, as generated clients make function names of them', () => {
  const ids = operations().map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[a-z]\w+$/i);
});

test('every parameter in a path is described, and no other', () => {
  for (const { name, path, operation } of operations()) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const described = operation.parameters.filter((parameter: JsonSchema) => parameter.in === 'path');
    assert.deepEqual(
      described.map((parameter: JsonSchema) => parameter.name),
      inPath,
      name,
    );
    for (const parameter of described) assert.equal(parameter.required, true, name);
  }
});

test('routes that need a login say so, and those that need none do too', () => {
  const security = (name: string) => operations().find((one) => one.name === name)?.operation.security;
  assert.deepEqual(security('POST /v1/accounts/login'), []);
  assert.deepEqual(security('GET /v1/accounts/me'), [{ bearer: [] }, { session: [] }]);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseEnv } from 'node:util';
import { ConfigError, loadConfig } from '../src/config.ts';
import { spawnEntryPoint } from './support/processes.ts';

const SECRET = 'b'.repeat(43);
const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://cinema.test',
  DATABASE_URL: 'postgres://u@localhost/d',
  REDIS_URL: 'redis://localhost',
  JWT_KEYS: `now:${SECRET}`,
  SESSION_SECRETS: SECRET,
};

const faultsOf = (env: Record<string, string | undefined>): readonly string[] => {
  try {
    loadConfig({ ...production, ...env });
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.faults;
  }
  return [];
};

test('a sound production environment is accepted, typed and frozen', () => {
  const config = loadConfig({ ...production, PORT: '8080', TRUST_PROXY: '10.0.0.0/8, fd00::/8' });
  assert.equal(config.http.port, 8080);
  assert.deepEqual(config.http.trustProxy, ['10.0.0.0/8', 'fd00::/8']);
  assert.throws(() => Object.assign(config.http, { port: 1 }), TypeError);
  assert.throws(() => Object.assign(config.tokens.keys[0] as object, { secret: '' }), TypeError);
});

test('every fault is reported at once, by the name of its variable', () => {
  const faults = faultsOf({
    PORT: '80x',
    DATABASE_URL: 'mysql://localhost',
    REDIS_URL: undefined,
    JWT_KEYS: 'short:abc',
    SESSION_SECRETS: undefined,
    DRAIN_SECONDS: '9',
    CORS_ORIGINS: '*',
    CORS_CREDENTIALS: 'true',
    ADMIN_EMAIL: 'admin@example.org',
  });
  const named = faults.map((fault) => fault.slice(0, fault.indexOf(':'))).sort();
  assert.deepEqual(named, [
    'ADMIN_EMAIL',
    'CORS_ORIGINS',
    'DATABASE_URL',
    'DRAIN_SECONDS',
    'JWT_KEYS',
    'PORT',
    'REDIS_URL',
    'SESSION_SECRETS',
  ]);
});

for (const [what, env] of Object.entries({
  'a missing JWT secret': { JWT_KEYS: undefined },
  'a missing session secret': { SESSION_SECRETS: '' },
  'a missing public URL': { PUBLIC_URL: undefined },
  'a short secret': { SESSION_SECRETS: 'a'.repeat(31) },
  'the secret that development uses': { SESSION_SECRETS: 'development-only-secret-never-for-production' },
  'a placeholder': { JWT_KEYS: 'a:please-change-me-please-change-me-please' },
  'one short secret among long ones': { SESSION_SECRETS: `${SECRET},short` },
  'a key without an id': { JWT_KEYS: SECRET },
  'two keys of one id': { JWT_KEYS: `a:${SECRET},a:${SECRET}` },
  'plain http for the public': { PUBLIC_URL: 'http://cinema.test' },
  'every origin with credentials': { CORS_ORIGINS: 'https://a.test,*', CORS_CREDENTIALS: 'true' },
  'trust in every proxy': { TRUST_PROXY: 'true' },
  'trust in what is no address': { TRUST_PROXY: 'nginx' },
  'a hop count below zero': { TRUST_PROXY: '-1' },
  'trust in every address': { TRUST_PROXY: '0.0.0.0/0' },
  'a fractional number': { DRAIN_SECONDS: '1.5' },
  'a negative number': { BODY_LIMIT_BYTES: '-1' },
  'a number in words': { RATE_LIMIT_USER: '1e3' },
  'a flag that is neither true nor false': { SEED_SAMPLE: 'yes' },
})) {
  test(`production refuses ${what}`, () => {
    assert.equal(faultsOf(env).length, 1);
  });
}

test('an empty variable counts as unset, as Compose passes it', () => {
  assert.equal(loadConfig({ ...production, PORT: '', RATE_LIMIT_USER: '' }).http.port, 3000);
});

test('.env.example names exactly the variables of the configuration, with their defaults', () => {
  const example = parseEnv(readFileSync('.env.example', 'utf8'));
  const source = readFileSync('src/config.ts', 'utf8');
  const known = [...source.matchAll(/^ {4}([A-Z][A-Z_]+): /gm)].map((match) => match[1]);
  assert.deepEqual(Object.keys(example).sort(), known.sort());
  const { DATABASE_URL, REDIS_URL } = example;
  const { instance: _ours, ...fromExample } = loadConfig(example);
  const { instance: _theirs, ...fromNothing } = loadConfig({ DATABASE_URL, REDIS_URL });
  assert.deepEqual(fromExample, fromNothing);
});

test('a process with a faulty environment ends with code 78 and the list of faults', async () => {
  const child = spawnEntryPoint('api-server', { ...production, PORT: 'no', TRUST_PROXY: 'true' });
  assert.equal(await child.exited, 78);
  assert.match(child.logs.text(), /2 fault\(s\)/);
  assert.match(child.logs.text(), /PORT: must be a whole number/);
  assert.doesNotMatch(child.logs.text(), new RegExp(SECRET));
});

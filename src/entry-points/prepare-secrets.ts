import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

// Run once per deployment with two folders that are kept, and the features that are services of their own: makes the
// secrets that are not there, and takes over those that the environment gives. Nobody else writes there.
const [folder = '/secrets', databaseFolder = '/database-secret', ...services] = process.argv.slice(2);
for (const each of [folder, databaseFolder]) mkdirSync(each, { recursive: true, mode: 0o700 });
const path = join(folder, 'multiplex.env');
const random = () => randomBytes(32).toString('base64url');

/** Written beside and renamed, so that a kill in between leaves no half of a secret. */
const replaceFile = (file: string, content: string, mode: number) => {
  writeFileSync(`${file}.new`, content, { mode });
  chmodSync(`${file}.new`, mode); // one left by a killed run keeps its old mode
  renameSync(`${file}.new`, file);
};

/** As `node --env-file` reads it back: literally, and with # as no comment. */
const quote = (name: string, value: string) => {
  const mark = ["'", '`'].find((candidate) => !value.includes(candidate));
  if (!mark || value.includes('\n'))
    throw new Error(`${name} must be one line, without either a single quote or a backtick`);
  return `${name}=${mark}${value}${mark}\n`;
};

const { JWT_KEYS, SESSION_SECRETS, ADMIN_EMAIL, ADMIN_PASSWORD } = process.env;
const kept = existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {};
const keptRoles = (kept.DATABASE_ROLES ?? '').split(',').filter(Boolean);
const roles = Object.fromEntries(keptRoles.map((item) => item.split(':', 2) as [string, string]));
for (const service of services) roles[service] ??= random();
const secrets = {
  JWT_KEYS: JWT_KEYS || kept.JWT_KEYS || `first:${random()}`,
  SESSION_SECRETS: SESSION_SECRETS || kept.SESSION_SECRETS || random(),
  ADMIN_EMAIL: ADMIN_EMAIL || kept.ADMIN_EMAIL || 'admin@example.test',
  ADMIN_PASSWORD: ADMIN_PASSWORD || kept.ADMIN_PASSWORD || random(),
  PGPASSWORD: kept.PGPASSWORD || random(), // PostgreSQL takes it when its volume is made, and never again
  DATABASE_ROLES: Object.entries(roles)
    .map((pair) => pair.join(':'))
    .join(),
};

const writeEnv = (file: string, variables: Record<string, string>) =>
  replaceFile(
    file,
    Object.entries(variables)
      .map(([name, value]) => quote(name, value))
      .join(''),
    0o400,
  );
writeEnv(path, secrets);
// A service is given its own folder only: what it can read opens its own schema, and nobody else's.
for (const [service, PGPASSWORD] of Object.entries(roles)) {
  mkdirSync(join(folder, service), { recursive: true, mode: 0o700 });
  const { JWT_KEYS: jwtKeys, SESSION_SECRETS: sessionSecrets } = secrets;
  const own = { JWT_KEYS: jwtKeys, SESSION_SECRETS: sessionSecrets, PGPASSWORD };
  writeEnv(join(folder, service, 'multiplex.env'), own);
}
// PostgreSQL runs as a user of its own, and its folder holds nothing else: readable for all who mount it.
replaceFile(join(databaseFolder, 'password'), secrets.PGPASSWORD, 0o444);
console.log(`the secrets are in ${path}`);

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Run once per deployment with a folder that is kept: makes the secrets that are not there, and never changes one.
const folder = process.argv[2] ?? '/secrets';
const random = () => randomBytes(32).toString('base64url');

/** Written beside and renamed, so that a kill in between leaves no half of a secret. */
const writeOnce = (name: string, content: string) => {
  const path = join(folder, name);
  if (existsSync(path)) return;
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  console.log(`made ${path}`);
};

mkdirSync(folder, { recursive: true, mode: 0o700 });
const databasePassword = random();
writeOnce(
  'multiplex.env',
  [
    `JWT_KEYS=first:${random()}`,
    `SESSION_SECRETS=${random()}`,
    `PGPASSWORD=${databasePassword}`,
    'ADMIN_EMAIL=admin@example.test',
    `ADMIN_PASSWORD=${random()}`,
    '',
  ].join('\n'),
);

// Runs before anything is installed, so it uses nothing but Node: installs the packages when the lock file changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node.js 20.19 or newer is needed; this is ${process.version}.`);
  process.exit(1);
}

const MARK = 'node_modules/.installed-lock';
const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
const upToDate = existsSync(MARK) && readFileSync(MARK, 'utf8') === lock;

if (!upToDate) {
  console.log('Installing packages with npm ci; the first time takes about half a minute …');
  const startedAt = Date.now();
  // NODE_ENV=production would leave out tsx and TypeScript, with which everything here runs.
  const { status } = spawnSync(
    'npm',
    ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      stdio: 'inherit',
      shell: process.platform === 'win32',
    },
  );
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(MARK, lock);
  console.log(`Packages installed in ${Math.round((Date.now() - startedAt) / 1_000)} s.`);
}

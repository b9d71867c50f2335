import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { fromDebian, type Program } from './debian.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const findChromium = async (log: (line: string) => void): Promise<Program | undefined> => {
  const installed = PLACES.find((path) => existsSync(path));
  if (installed) return { path: installed, env: process.env };
  return fromDebian('chromium-headless-shell', 'lib/chromium/chromium-headless-shell', log);
};

/** Starts this machine's Chromium, or Debian's. @throws when there is none. */
export const startChromium = async (log: (line: string) => void): Promise<Browser> => {
  const program = await findChromium(log);
  if (!program) throw new Error('There is no Chromium. Install it, for example by apt-get install chromium.');
  const env = Object.fromEntries(
    Object.entries(program.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  // Its sandbox needs a user that is not root; what it opens here is our own page.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: program.path, env, args });
};

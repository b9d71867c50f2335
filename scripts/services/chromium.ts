import { existsSync, writeFileSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { debianFolder, fromDebian, type Program } from './debian.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const PACKAGE = 'chromium-headless-shell';

/** The machine's fonts, or those that were unpacked with it: without any, text has no size and nothing is visible. */
const nameFonts = (folder: string): string => {
  const file = `${folder}/fonts.conf`;
  const folders = ['/usr/share/fonts', `${folder}/usr/share/fonts`].map((name) => `<dir>${name}</dir>`);
  const known = '<include ignore_missing="yes">/etc/fonts/fonts.conf</include>';
  writeFileSync(
    file,
    `<fontconfig>${known}${folders.join('')}<cachedir>${folder}/fonts</cachedir></fontconfig>`,
  );
  return file;
};

const findChromium = async (log: (line: string) => void): Promise<Program | undefined> => {
  const installed = PLACES.find((path) => existsSync(path));
  if (installed) return { path: installed, env: process.env };
  const program = await fromDebian(PACKAGE, 'lib/chromium/chromium-headless-shell', log);
  return (
    program && { ...program, env: { ...program.env, FONTCONFIG_FILE: nameFonts(debianFolder(PACKAGE)) } }
  );
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

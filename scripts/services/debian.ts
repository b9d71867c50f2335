import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { isOnPath, runToEnd } from './children.ts';

/** A program with the environment that it needs. */
export interface Program {
  path: string;
  env: Record<string, string | undefined>;
}

/** The packages that an installation would add; nothing is installed, so no system service starts. */
const missingPackages = (name: string): string[] => {
  const simulate = () =>
    spawnSync('apt-get', ['install', '--no-install-recommends', '--simulate', name], { encoding: 'utf8' });
  let result = simulate();
  if (result.status !== 0 && process.getuid?.() === 0) {
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
    result = simulate();
  }
  return [...(result.stdout ?? '').matchAll(/^Inst (\S+)/gm)].flatMap((match) => match[1] ?? []);
};

const unpack = async (packages: readonly string[], folder: string) => {
  // Unpacked beside and renamed: what a kill leaves behind must not be taken for the program.
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const unpackAll = 'for package in ./*.deb; do dpkg-deb -x "$package" .; rm "$package"; done';
  try {
    await runToEnd(['apt-get', 'download', ...packages], { cwd: unfinished });
    await runToEnd(['sh', '-ec', unpackAll], { cwd: unfinished });
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
};

/** Where a Debian package and what it needs are unpacked. */
export const debianFolder = (name: string): string => resolve('.multiplex/cache', name);

/**
 * Finds a program below .multiplex/cache, where Debian's package of that name is unpacked at the first use, as any
 * user and without touching the system. Undefined where that is no Debian, or it has no such package.
 */
export const fromDebian = async (
  name: string,
  program: string,
  log: (line: string) => void,
): Promise<Program | undefined> => {
  const folder = debianFolder(name);
  const path = `${folder}/usr/${program}`;
  if (!existsSync(path)) {
    if (!isOnPath('apt-get') || !isOnPath('dpkg-deb')) return undefined;
    log(`${name}: fetching Debian’s packages, once, some seconds …`);
    const packages = missingPackages(name);
    if (packages.length === 0) return undefined;
    await unpack(packages, folder).catch((error: Error) => log(`${name}: ${error.message}`));
    if (!existsSync(path)) return undefined;
  }
  const listed = spawnSync('sh', ['-c', `ls -d ${folder}/usr/lib/*-linux-* ${folder}/usr/lib/*-linux-*/*/`], {
    encoding: 'utf8',
  });
  const libraries = listed.stdout.trim().split('\n').join(':');
  return { path, env: { ...process.env, LD_LIBRARY_PATH: libraries } };
};

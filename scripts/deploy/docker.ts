import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runToEnd } from '../services/children.ts';

/** What a docker command says. */
export const ask = async (...args: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)('docker', args, { maxBuffer: 64 * 2 ** 20 });
  return stdout.trim();
};

/** A compose command whose words are for the reader. */
export const compose = (...args: string[]) => runToEnd(['docker', 'compose', ...args], { stdio: 'inherit' });

export const lines = (text: string) => text.split('\n').filter(Boolean);

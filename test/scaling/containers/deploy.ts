import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** `npm run deploy` with these compose files, of these services or all. */
export const deploy = async (files: readonly string[], ...services: string[]) => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/deploy/main.ts', ...services], {
    env: { ...process.env, COMPOSE_FILE: files.join(':') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  const [code] = await once(child, 'close');
  return { code, output };
};

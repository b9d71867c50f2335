import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv, promisify } from 'node:util';

const run = promisify(execFile);

/** The address of the stack under test; scripts/test-compose.ts brings it up and names it here. */
export const stackUrl = process.env.STACK_URL ?? 'http://127.0.0.1:8080';

export const docker = async (...args: string[]): Promise<string> => {
  const { stdout } = await run('docker', args, { maxBuffer: 256 * 2 ** 20 });
  return stdout.trim();
};

/** Which project it speaks to is in the environment, COMPOSE_PROJECT_NAME. */
export const compose = (...args: string[]): Promise<string> => docker('compose', ...args);

/** As a person scales; returns when all replicas are healthy and those too many are gone. */
export const scaleTo = (replicas: number): Promise<string> =>
  compose('up', '--detach', '--wait', '--scale', `api=${replicas}`);

export const apiContainers = async (): Promise<string[]> => {
  const ids = await compose('ps', '--quiet', '--status', 'running', 'api');
  return ids.split('\n').filter(Boolean);
};

/** The services' containers, each with the time of its start. */
export const runningSince = async (...services: string[]): Promise<string[]> => {
  const ids = (await compose('ps', '--quiet', ...services)).split('\n');
  return (await docker('inspect', '--format', '{{.Name}} {{.Id}} {{.State.StartedAt}}', ...ids)).split('\n');
};

/** What one-off `secrets` made for this deployment. */
export const readSecrets = async (): Promise<Record<string, string | undefined>> =>
  parseEnv(await compose('exec', '--no-TTY', 'api', 'cat', '/secrets/multiplex.env'));

/** The status of a GET inside one replica, past nginx. */
export const statusInside = async (container: string, path: string): Promise<number> => {
  const script = `fetch('http://127.0.0.1:3000${path}').then((reply) => console.log(reply.status))`;
  return Number(await docker('exec', container, 'node', '-e', script));
};

/** Polls until `check` holds. @throws with what was last seen when it does not within `seconds`. */
export const until = async (what: string, seconds: number, check: () => Promise<boolean> | boolean) => {
  const deadline = Date.now() + seconds * 1_000;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      if (await check()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`Not within ${seconds} s: ${what}`, { cause: last });
};

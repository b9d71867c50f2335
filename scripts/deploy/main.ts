import { runToEnd } from '../services/children.ts';
import { step } from '../services/system.ts';
import { findChanges, type Rolled } from './changes.ts';
import { ask, compose, lines } from './docker.ts';

// Puts what is in this folder in the place of the containers that run, without a lost request: new replicas beside the
// old, the old ones away when nginx has met all new ones. docs/decisions/deploying.md says why each step is there.
// COMPOSE_FILE and COMPOSE_PROJECT_NAME choose what is deployed, as they do for docker compose itself; arguments name
// services, where not all are to be exchanged.

const NGINX_KNOWS_SECONDS = 60;

const runOneOff = (service: string) => compose('run', '--rm', '--no-deps', service);

/** Told to stop, it undoes what it began, unless the old replicas are going already: then it goes on to the end. */
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    interrupted = true;
  });
const nextStep: typeof step = async (what, work) => {
  const result = await step(what, work);
  if (interrupted) throw new Error('Interrupted.');
  return result;
};

const newOf = async ({ name, old }: Rolled): Promise<string[]> =>
  lines(await ask('compose', 'ps', '--all', '--quiet', name)).filter((id) => !old.includes(id));

const startBeside = async (rolled: readonly Rolled[]) => {
  const names = rolled.map(({ name }) => name);
  await compose('rm', '--force', ...names); // those that were stopped would be started again, with their old image
  const scales = rolled.flatMap(({ name, old, replicas }) => ['--scale', `${name}=${old.length + replicas}`]);
  const only = ['--no-recreate', '--no-deps', '--no-build'];
  await compose('up', '--detach', '--wait', '--wait-timeout', '60', ...only, ...scales, ...names);
};

/** Asks through nginx until each of these containers has answered under that name; any answer of theirs will do. */
const whenNginxKnows = async (address: string, upstream: string, ids: readonly string[]): Promise<void> => {
  const path = upstream === 'api' ? '/v1/-' : `/v1/${upstream}/-`;
  const unseen = new Set(ids.map((id) => id.slice(0, 12))); // a container's host name, with which X-Served-By begins
  const deadline = performance.now() + NGINX_KNOWS_SECONDS * 1_000;
  while (unseen.size > 0) {
    if (performance.now() > deadline) throw new Error(`nginx did not meet ${[...unseen]} as ${upstream}`);
    const reply = await fetch(`http://${address}${path}`);
    unseen.delete(reply.headers.get('x-served-by')?.slice(0, 12) ?? '');
    await reply.text();
    await new Promise((resolve) => setTimeout(resolve, 20)); // far below nginx's outer wall
  }
};

const remove = async (ids: readonly string[]) => {
  if (ids.length === 0) return;
  await ask('stop', ...ids); // at once: each drains, and nobody new comes to them
  await ask('rm', ...ids);
};

const takeBack = async (rolled: readonly Rolled[]) => {
  console.error('The new version does not come up; the old one goes on. What the new one says:');
  for (const one of rolled) {
    const ids = await newOf(one);
    for (const id of ids) await runToEnd(['docker', 'logs', '--tail', '20', id], { stdio: 'inherit' });
    await remove(ids);
  }
};

const roll = async (rolled: readonly Rolled[], old: readonly string[]) => {
  try {
    await nextStep('Starting new replicas beside the old', () => startBeside(rolled));
    await nextStep('Waiting until nginx has met them', async () => {
      const listens = await ask('compose', 'port', 'nginx', '8080');
      const address = listens.replace(/^(0\.0\.0\.0|\[::\])/, '127.0.0.1');
      for (const one of rolled) {
        const fresh = await newOf(one);
        for (const upstream of one.upstreams) await whenNginxKnows(address, upstream, fresh);
      }
    });
  } catch (error) {
    await takeBack(rolled);
    throw error;
  }
  await step('Letting the old ones go', () => remove(old));
};

const exchange = async (rolled: readonly Rolled[], old: readonly string[]) => {
  await nextStep('Building', () => compose('build', '--quiet'));
  await nextStep('Bringing the schema up to date, which must suit the old version too', async () => {
    await runOneOff('secrets');
    await runOneOff('migrate');
  });
  await roll(rolled, old);
};

const main = async () => {
  const { rolled, orphans, image } = await findChanges(process.argv.slice(2));
  const old = [...rolled.flatMap((one) => one.old), ...orphans];
  if (!old[0]) return compose('up', '--build', '--detach', '--wait');
  const before = await ask('inspect', '--format', '{{.Image}}', old[0]);
  await exchange(rolled, old).catch(async (error) => {
    await ask('tag', before, image); // or the next `docker compose up` would start what was refused
    throw error;
  });
  await step('Publishing the page', () => runOneOff('page'));
  console.log('Deployed.');
};

await main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});

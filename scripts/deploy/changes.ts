import { readFileSync } from 'node:fs';
import { ask, lines } from './docker.ts';

/** A service of our image that stays up, with the containers that are to be exchanged; of a new one there are none. */
export interface Rolled {
  name: string;
  /** The names under which nginx asks for it. */
  upstreams: string[];
  old: string[];
  replicas: number;
}

interface Service {
  image: string;
  restart?: string;
  scale?: number;
  networks?: Record<string, { aliases?: string[] } | null>;
}

interface Running {
  id: string;
  service: string;
  image: string;
}

const withoutTag = (image: string) => image.replace(/[:@][^/]*$/, '');

const findRunning = async (): Promise<Running[]> => {
  const ids = lines(await ask('compose', 'ps', '--quiet', '--status', 'running'));
  if (ids.length === 0) return [];
  const format = '{{.Id}} {{index .Config.Labels "com.docker.compose.service"}} {{.Config.Image}}';
  return lines(await ask('inspect', '--format', format, ...ids)).map((line) => {
    const [id = '', service = '', image = ''] = line.split(' ');
    return { id, service, image };
  });
};

/**
 * What the compose files want of our image, beside what runs. Services that they want none of get no replica for their
 * old ones, and those that they do not have are orphans: so together becomes apart, and apart together, by deploying
 * the other's files.
 */
export const findChanges = async (wanted: readonly string[]) => {
  const { services } = JSON.parse(await ask('compose', '--profile', '*', 'config', '--format', 'json'));
  const image: string = services.migrate.image;
  const running = await findRunning();
  const known = [...readFileSync('nginx.conf', 'utf8').matchAll(/server (\w+):3000/g)].map(
    ([, name]) => name,
  );
  const toRolled = ([name, { networks = {}, scale = 1 }]: [string, Service]): Rolled => {
    const aliases = Object.values(networks).flatMap((network) => network?.aliases ?? []);
    const upstreams = [name, ...aliases].filter((one) => known.includes(one));
    const old = running.filter(({ service }) => service === name).map(({ id }) => id);
    return { name, upstreams, old, replicas: scale && (old.length || scale) };
  };
  const ours = Object.entries<Service>(services)
    .filter(([, service]) => service.image === image && service.restart)
    .map(toRolled);
  const rolled = ours.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const missing = wanted.filter((name) => !rolled.some((one) => one.name === name && one.old.length > 0));
  if (missing.length > 0) throw new Error(`No such service of ours runs: ${missing.join(', ')}`);

  const isOrphan = (one: Running) => !services[one.service] && withoutTag(one.image) === withoutTag(image);
  const orphans = wanted.length > 0 ? [] : running.filter(isOrphan).map(({ id }) => id);
  return { rolled, orphans, image };
};

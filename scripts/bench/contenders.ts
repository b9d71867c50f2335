import type { Ground } from '../services/ground.ts';
import { startTarget, type Target } from '../services/target.ts';
import { addScreenings, logIn, SEATS } from './cinema.ts';
import { type LoadJob, REFERENCES } from './load.ts';
import { SCHEMA } from './references/buy-step-by-step.mjs';

/** One server under one workload. */
export interface Contender {
  workload: string;
  name: string;
  target: Target;
  job: LoadJob;
}

const CONNECTIONS = 32;
const SCREENINGS = 60; // of 2,574 seats: more than a run can sell

const references = {
  'node:http': 'node-http',
  'bare Express': 'express-bare',
  'Express, documented': 'express-documented',
  Fastify: 'fastify',
  Hono: 'hono',
};

/** Gives the references what ours made for itself: the login, the movies, the tables to sell from. */
const feedReferences = async ({ database, redis }: Ground, loginId: string, ours: Target) => {
  await redis.set(`documented:login:${loginId}`, '1');
  await redis.set('documented:movies', await (await fetch(`${ours.url}/v1/catalog/movies`)).text());
  await database.query(SCHEMA);
  await database.query(
    'insert into documented.screenings select id, price_cents, starts_at from catalog.screenings on conflict do nothing',
  );
};

const openDocumentedSession = async (target: Target, userId: string): Promise<string> => {
  const reply = await fetch(`${target.url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sub: userId, role: 'customer' }),
  });
  return reply.headers.get('set-cookie')?.split(';')[0] ?? '';
};

/** Starts ours and all references, and lists who is measured by what. */
export const startContenders = async (ground: Ground, seconds: number): Promise<Contender[]> => {
  const ours = await ground.startOurs();
  const { auth, cookie, loginId, userId } = await logIn(ours.url);
  const screenings = await addScreenings(ground.database, SCREENINGS);
  const others = await addScreenings(ground.database, SCREENINGS); // the two sell from one database
  await feedReferences(ground, loginId, ours);
  const started = new Map<string, Target>();
  for (const [name, file] of Object.entries(references)) {
    const command = [`${REFERENCES}/${file}.mjs`];
    started.set(name, await startTarget({ command, env: ground.referenceEnv, probe: '/me' }));
  }
  // It answers whatever it is sent, so it does for a collector.
  const collector = started.get('node:http')?.url;
  const traced = await ground.startOurs({ ...ground.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector });
  const documented = started.get('Express, documented') as Target;
  const theirCookie = { cookie: await openDocumentedSession(documented, userId) };

  const get = (workload: string, name: string, target: Target, path: string, headers = {}): Contender => {
    return {
      workload,
      name,
      target,
      job: { url: target.url + path, headers, connections: CONNECTIONS, seconds },
    };
  };
  const buy = (name: string, target: Target, path: string, from = screenings): Contender => ({
    workload: 'buy a seat',
    name,
    target,
    job: {
      ...get('', name, target, path, { ...auth, 'content-type': 'application/json' }).job,
      screenings: from,
      seats: SEATS,
    },
  });
  return [
    get('bearer GET', 'ours', ours, '/v1/accounts/identity', auth),
    ...[...started].map(([name, target]) => get('bearer GET', name, target, '/me', auth)),
    get('bearer GET', 'ours, with OpenTelemetry', traced, '/v1/accounts/identity', auth),
    get('session GET', 'ours', ours, '/v1/accounts/identity', cookie),
    get('session GET', 'Express, documented', documented, '/session/me', theirCookie),
    get('catalog GET', 'ours', ours, '/v1/catalog/movies'),
    get('catalog GET', 'Express, documented', documented, '/movies'),
    get('account GET, from PostgreSQL', 'ours', ours, '/v1/accounts/me', auth),
    buy('ours', ours, '/v1/tickets/purchases'),
    buy('ours, with OpenTelemetry', traced, '/v1/tickets/purchases', others),
    buy('Express, documented', documented, '/purchases'),
  ];
};

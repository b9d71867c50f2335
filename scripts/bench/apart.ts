import { type Ground, prepareGround } from '../services/ground.ts';
import type { Target } from '../services/target.ts';
import { addScreenings, logIn, SEATS } from './cinema.ts';
import { installReferences } from './load.ts';
import { measureRounds, type Run, report } from './rounds.ts';

/** What a call over HTTP costs: the same work by one process of all features, and by two of which one calls the other. */
const ROUNDS = 5;
const SECONDS = 4;

const startApart = async (ground: Ground) => {
  // It would tell them of events, but that is the work of workers, and there are none.
  const untold = 'tickets=http://127.0.0.1:1,grocery=http://127.0.0.1:1';
  const neighbourEnv = { ...ground.env, FEATURES: 'accounts,catalog', NEIGHBOURS: untold };
  const neighbour = await ground.startOurs(neighbourEnv);
  const NEIGHBOURS = ['accounts', 'catalog'].map((name) => `${name}=${neighbour.url}`).join();
  const store = await ground.startOurs({ ...ground.env, FEATURES: 'tickets,grocery', NEIGHBOURS });
  return { neighbour, store };
};

const jobsOf = async (ground: Ground, { url }: Target, auth: Record<string, string>) => {
  const [watched, ...screenings] = await addScreenings(ground.database, 30);
  const base = { headers: auth, connections: 32, seconds: SECONDS };
  const buyer = { ...auth, 'content-type': 'application/json' };
  return {
    'orders, no neighbour': { ...base, url: `${url}/v1/grocery/orders` },
    'seat map, one call': { ...base, url: `${url}/v1/tickets/screenings/${watched}/seats` },
    'buy a seat, one call': {
      ...base,
      headers: buyer,
      url: `${url}/v1/tickets/purchases`,
      screenings,
      seats: SEATS,
    },
  };
};

await installReferences();
const ground = await prepareGround();
const together = await ground.startOurs();
const { neighbour, store } = await startApart(ground);
const { auth } = await logIn(together.url);
const homes = [
  { name: 'together', pids: [together.pid], jobs: await jobsOf(ground, together, auth) },
  { name: 'apart', pids: [store.pid, neighbour.pid], jobs: await jobsOf(ground, store, auth) },
];
const runs = homes.flatMap(({ name, pids, jobs }) =>
  Object.entries(jobs).map(([workload, job]): Run => ({ workload, name, pids, job })),
);
const figures = await measureRounds(runs, ROUNDS);
for (const target of [together, store, neighbour]) await target.stop();
await ground.end();
report(figures);

import { randomUUID } from 'node:crypto';
import autocannon from 'autocannon';

/**
 * Makes the load in a process of its own: reads a job from standard input, writes what came of it to standard output.
 * `seats` are what a buying load takes, one after the other, so that no request is like another.
 */
const job = JSON.parse(await new Response(process.stdin).text());
const { url, headers, connections, seconds, screenings, seats } = job;
let sold = job.soldBefore ?? 0;
const buyNext = (request) => {
  const screeningId = screenings[Math.floor(sold / seats.length)];
  if (!screeningId) throw new Error('all seats are sold; give the load more screenings');
  const seat = seats[sold % seats.length];
  sold += 1;
  return {
    ...request,
    headers: { ...request.headers, 'idempotency-key': randomUUID() },
    body: JSON.stringify({ screeningId, seats: [seat] }),
  };
};
const result = await autocannon({
  url,
  connections,
  duration: seconds,
  headers,
  method: screenings ? 'POST' : 'GET',
  requests: [screenings ? { setupRequest: buyNext } : {}],
});
const { latency, requests, statusCodeStats, errors, timeouts } = result;
process.stdout.write(
  JSON.stringify({
    sent: requests.total,
    perSecond: requests.average,
    p50: latency.p50,
    p99: latency.p99,
    statuses: Object.fromEntries(Object.entries(statusCodeStats).map(([code, { count }]) => [code, count])),
    errors: errors + timeouts,
    sold,
  }),
);

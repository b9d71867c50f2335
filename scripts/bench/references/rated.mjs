import autocannon from 'autocannon';

/** A constant rate by autocannon, corrected for coordinated omission as it does: reads a job, writes what came of it. */
const { url, rate, seconds } = JSON.parse(await new Response(process.stdin).text());
const before = process.cpuUsage();
const { latency, requests } = await autocannon({
  url,
  connections: 50,
  duration: seconds,
  overallRate: rate,
});
const { user, system } = process.cpuUsage(before);
process.stdout.write(
  JSON.stringify({ sent: requests.total, p50: latency.p50, p99: latency.p99, cpuMicros: user + system }),
);

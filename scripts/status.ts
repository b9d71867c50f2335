interface ProcessStatus {
  role: string;
  pid: number;
  state: string;
  restarts: number;
  startedAt: number;
  rssBytes?: number;
  cpuMicros?: number;
  loopDelayMs?: number;
  requests?: number;
}

const url = `http://127.0.0.1:${process.env.CONTROL_PORT || 3100}/status`;

const ask = async (): Promise<{ pid: number; processes: ProcessStatus[] }> => {
  const reply = await fetch(url).catch(() => {
    throw new Error(`No cluster answers at ${url}. Is npm start running, and is CONTROL_PORT the same?`);
  });
  return reply.json() as never;
};

/** Rates come of two looks, a little over a beat apart. */
const BETWEEN_MS = 1_500;

const showStatus = async () => {
  const { processes: earlier } = await ask();
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  const { pid: primary, processes } = await ask();
  const perSecond = (now = 0, before = 0) => (now - before) / (BETWEEN_MS / 1_000);
  console.log(`primary ${primary}`);
  console.table(
    processes.map(
      ({ role, pid, state, restarts, startedAt, rssBytes = 0, cpuMicros, loopDelayMs = 0, requests }) => {
        const before = earlier.find((one) => one.pid === pid);
        return {
          role,
          pid,
          state,
          restarts,
          'uptime s': Math.round((Date.now() - startedAt) / 1_000),
          'rss MB': Math.round(rssBytes / 2 ** 20),
          'cpu %': Math.round(perSecond(cpuMicros, before?.cpuMicros ?? cpuMicros) / 1e4),
          'loop p99 ms': Math.round(loopDelayMs * 10) / 10,
          'requests/s': Math.round(perSecond(requests, before?.requests ?? requests)),
        };
      },
    ),
  );
};

const reload = async () => {
  const { pid } = await ask();
  process.kill(pid, 'SIGHUP');
  console.log(`Told ${pid} to reload; npm run status shows the new processes.`);
};

await (process.argv[2] === 'reload' ? reload() : showStatus()).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});

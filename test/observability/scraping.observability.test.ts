import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { findPrometheus, startPrometheus } from '../../scripts/services/prometheus.ts';
import type { RunningServer } from '../../scripts/services/server.ts';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { startLoad } from '../support/load.ts';
import { freePort, type Spawned, type SpawnedApi, spawnApi, spawnEntryPoint } from '../support/processes.ts';
import { waitFor } from '../support/wait.ts';

interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}
interface Alert {
  labels: Record<string, string>;
  state: 'pending' | 'firing';
}
interface Panel {
  title: string;
  targets: { expr: string }[];
}

const folder = mkdtempSync(join(tmpdir(), 'multiplex-prometheus-'));
let cinema: Cinema;
let apis: SpawnedApi[];
let worker: Spawned;
let workerUrl: string;
let prometheus: RunningServer;

/** The file that Compose mounts, with these addresses instead of Docker's DNS, and more often. */
const configuration = (targets: Record<string, string[]>) => {
  const text = readFileSync('observability/prometheus.yml', 'utf8')
    .replace(/dns_sd_configs: \[\{ names: \[(\w+)\].*\]/g, (_all, name: string) => {
      return `static_configs: [{ targets: ${JSON.stringify(targets[name])} }]`;
    })
    .replace(/scrape_interval: 5s.*/, 'scrape_interval: 1s\n  evaluation_interval: 1s')
    .replace('scrape_timeout: 4s', 'scrape_timeout: 1s')
    .replace('rules.yml', resolve(folder, 'rules.yml'));
  assert.doesNotMatch(text, /dns_sd_configs:/);
  // A rate over a minute takes a minute of load to cross a line.
  const rules = readFileSync('observability/rules.yml', 'utf8').replaceAll('[1m]', '[5s]');
  writeFileSync(join(folder, 'rules.yml'), rules);
  return text;
};

const ask = async <T>(path: string): Promise<T> => {
  const reply = await fetch(`${prometheus.url}/api/v1/${path}`);
  const { status, data, error } = (await reply.json()) as { status: string; data: T; error?: string };
  assert.equal(status, 'success', error);
  return data;
};
const query = async (expression: string) =>
  (await ask<{ result: Sample[] }>(`query?query=${encodeURIComponent(expression)}`)).result;
const addressOf = (api: SpawnedApi) => new URL(api.url).host;

before(async () => {
  cinema = await openCinema({ instances: 0, env: { PASSWORD_HASH_CONCURRENCY: '4', LOG_LEVEL: 'info' } });
  apis = [await spawnApi(cinema.env), await spawnApi(cinema.env)];
  const port = await freePort();
  worker = spawnEntryPoint('job-worker', { ...cinema.env, PORT: String(port) });
  workerUrl = `http://127.0.0.1:${port}`;
  await waitFor('the worker', () => worker.logs.lines().some(({ msg }) => msg === 'working'));
  const targets = { api: apis.map(addressOf), worker: [`127.0.0.1:${port}`] };
  prometheus = await startPrometheus(folder, configuration(targets));
});

after(async () => {
  await prometheus?.stop();
  await Promise.all([...(apis ?? []), worker].map((one) => one?.kill()));
  await cinema?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('what the processes export keeps to Prometheus’s conventions', async () => {
  const promtool = await findPrometheus('promtool', () => {});
  for (const url of [apis[0]?.url, workerUrl]) {
    await fetch(`${url}/livez`);
    const input = await (await fetch(`${url}/metrics`)).text();
    assert.match(input, /^process_cpu_limit_cores [\d.]+$/m);
    const checked = spawnSync(promtool.path, ['check', 'metrics'], {
      input,
      env: promtool.env,
      encoding: 'utf8',
    });
    assert.equal(checked.status, 0, checked.stdout + checked.stderr);
    assert.equal(checked.stdout + checked.stderr, '');
  }
});

test('every process is scraped, each by itself', async () => {
  const up = await waitFor('all three', async () => {
    const found = await query('up == 1');
    return found.length === 3 ? found : undefined;
  });
  assert.deepEqual(up.map(({ metric }) => metric.job).sort(), ['api', 'api', 'worker']);
});

test('an instance that uses its CPU up crosses the red line, the others do not; no panel is empty', async () => {
  const [busy] = apis as [SpawnedApi];
  // Logins, each of which hashes a password: 20 ms of CPU.
  const load = startLoad(busy.url, 24, (index) => ({
    method: 'POST',
    path: '/v1/accounts/login',
    body: { email: `nobody${index}@example.test`, password: 'wrong password' },
  }));
  try {
    const alert = await waitFor('the alert', async () => {
      const { alerts } = await ask<{ alerts: Alert[] }>('alerts');
      return alerts.find(({ labels }) => labels.alertname === 'CpuAboveRedLine');
    });
    assert.equal(alert.labels.instance, addressOf(busy));
    const { panels } = JSON.parse(readFileSync('observability/grafana/dashboards/multiplex.json', 'utf8'));
    const expressions = (panels as Panel[]).flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ title, expr: expr.replaceAll('$instance', '.*') })),
    );
    for (const { title, expr } of expressions)
      await waitFor(`data for the panel ${title}: ${expr}`, async () => (await query(expr)).length > 0);
  } finally {
    await load.stop();
  }
});

test('a process that hangs shows as down and becomes an alert', async () => {
  const [, silent] = apis as [SpawnedApi, SpawnedApi];
  silent.signal('SIGSTOP');
  try {
    const alert = await waitFor('the alert', async () => {
      const { alerts } = await ask<{ alerts: Alert[] }>('alerts');
      return alerts.find(({ labels }) => labels.alertname === 'InstanceDown');
    });
    assert.equal(alert.labels.instance, addressOf(silent));
  } finally {
    silent.signal('SIGCONT');
  }
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import type { Program } from '../../scripts/services/debian.ts';
import { findPrometheus } from '../../scripts/services/prometheus.ts';

let promtool: Program;

const runPromtool = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(promtool.path, args, { env: promtool.env, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
};

before(async () => {
  promtool = await findPrometheus('promtool', console.log);
});

test('the configuration and the rules are valid', () => {
  runPromtool('check', 'config', 'observability/prometheus.yml');
  runPromtool('check', 'rules', 'observability/rules.yml');
});

test('each alert fires above its line and is silent just below it', () => {
  runPromtool('test', 'rules', 'observability/rules.test.yml');
});

test('no alert lacks either of the two', () => {
  const alerts = [...readFileSync('observability/rules.yml', 'utf8').matchAll(/alert: (\w+)/g)];
  const cases = readFileSync('observability/rules.test.yml', 'utf8');
  assert.ok(alerts.length > 0);
  for (const [, name] of alerts) {
    assert.match(cases, new RegExp(`alertname: ${name}\n\\s+exp_alerts:\n\\s+- exp_labels`), `${name} fires`);
    assert.match(cases, new RegExp(`alertname: ${name}, exp_alerts: \\[\\]`), `${name} is silent`);
  }
});

test('Compose accepts the profile, which adds Prometheus and Grafana to what a plain start has', (t) => {
  const services = (...profile: string[]) =>
    spawnSync('docker', ['compose', ...profile, 'config', '--services'], { encoding: 'utf8' });
  const plain = services();
  if (plain.error) return t.skip('there is no docker command');
  assert.doesNotMatch(plain.stdout, /prometheus|grafana/);
  const { status, stdout, stderr } = services('--profile', 'observability');
  assert.equal(status, 0, stderr);
  assert.match(stdout, /prometheus/);
  assert.match(stdout, /grafana/);
});

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';

export type MetricsJson = MetricObjectWithValues<MetricValue<string>>[];

/** What a process tells the one that started it, once a second; its silence says that its event loop is stuck. */
export interface Beat {
  type: 'beat';
  rssBytes: number;
  /** CPU time since the start of the process, in microseconds. */
  cpuMicros: number;
  /** The 99th percentile of the event loop's delay since the last beat, in milliseconds. */
  loopDelayMs: number;
  /** Requests answered since the start of the process. */
  requests: number;
}

export type FromChild = Beat | { type: 'ready' } | { type: 'metrics'; metrics: MetricsJson };
export type ToChild = { type: 'metrics?' };

export const BEAT_MS = 1_000;

/** Tells the parent of the cluster, where there is one; returns how to stop. */
export const startHeartbeat = (registry: Registry, countRequests: () => number): (() => void) => {
  const send = (message: FromChild) => {
    if (process.connected) process.send?.(message);
  };
  if (!process.send) return () => {};
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const beat = () => {
    const { user, system } = process.cpuUsage();
    send({
      type: 'beat',
      rssBytes: process.memoryUsage.rss(),
      cpuMicros: user + system,
      loopDelayMs: delay.percentile(99) / 1e6,
      requests: countRequests(),
    });
    delay.reset();
  };
  const answer = async (message: ToChild) => {
    if (message.type === 'metrics?') send({ type: 'metrics', metrics: await registry.getMetricsAsJSON() });
  };
  const timer = setInterval(beat, BEAT_MS);
  process.on('message', answer);
  return () => {
    clearInterval(timer);
    process.off('message', answer);
    delay.disable();
  };
};

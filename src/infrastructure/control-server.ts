import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import { AggregatorRegistry } from 'prom-client';
import type { FromChild, MetricsJson } from './heartbeat.ts';
import type { Logger } from './logger.ts';
import type { ProcessManager } from './process-manager.ts';

const ANSWER_WITHIN_MS = 2_000;

/** Asks a process for its metrics; one that does not answer in time has none. */
const askForMetrics = (child: ChildProcess) =>
  new Promise<MetricsJson[]>((resolve) => {
    const finish = (metrics?: MetricsJson) => {
      clearTimeout(timer);
      child.off('message', listen);
      resolve(metrics ? [metrics] : []);
    };
    const listen = (message: FromChild) => {
      if (message.type === 'metrics') finish(message.metrics);
    };
    const timer = setTimeout(finish, ANSWER_WITHIN_MS);
    child.on('message', listen);
    child.send({ type: 'metrics?' }, (error) => error && finish());
  });

/**
 * Answers on 127.0.0.1 only: GET /metrics, of all processes added up, and GET /status, one entry a process. A taken port
 * is logged and does not keep the processes from serving.
 */
export const startControlServer = (manager: ProcessManager, port: number, logger: Logger) => {
  const server = createServer(async (request, response) => {
    if (request.url === '/status') {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ pid: process.pid, processes: manager.status() }));
    } else if (request.url === '/metrics') {
      const registry = AggregatorRegistry.aggregate(
        (await Promise.all(manager.ready().map(askForMetrics))).flat(),
      );
      response.setHeader('Content-Type', registry.contentType);
      response.end(await registry.metrics());
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  server.on('error', (error) =>
    logger.error({ err: error, port }, 'no metrics and no status: the port cannot be had'),
  );
  server.listen(port, '127.0.0.1');
};

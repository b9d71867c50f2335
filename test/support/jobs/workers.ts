import { startWorker } from '../../../src/composition.ts';
import { loadConfig } from '../../../src/config.ts';
import { createLifecycle } from '../../../src/infrastructure/lifecycle.ts';
import { createLogger } from '../../../src/infrastructure/logger.ts';
import { FEATURES, isApart, serviceEnv } from '../apart.ts';
import type { Cinema } from '../cinema.ts';
import type { Env } from '../env.ts';

const start = async (env: Env) => {
  const logger = createLogger({ level: 'silent', instance: 'worker' });
  const lifecycle = createLifecycle(logger);
  const { port } = await startWorker(loadConfig(env), logger, lifecycle);
  return { url: `http://127.0.0.1:${port}`, close: lifecycle.close };
};

/** The workers of a cinema: one of all features, or one of each where they are apart. */
export const startWorkers = async (cinema: Cinema) => {
  const neighbours = FEATURES.map((feature) => `${feature}=${cinema.at(0).urlOf(feature)}`).join();
  const envs = isApart
    ? FEATURES.map((feature) => serviceEnv(cinema.env, feature, neighbours))
    : [cinema.env];
  const workers = await Promise.all(envs.map(start));
  return {
    workers,
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
};

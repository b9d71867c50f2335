import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { runToEnd } from '../../scripts/services/children.ts';
import { startChromium } from '../../scripts/services/chromium.ts';
import { startNginx } from '../../scripts/services/nginx.ts';
import { productionConfiguration } from '../../scripts/services/production-nginx.ts';
import { type Cinema, openCinema } from './cinema.ts';
import type { Env } from './env.ts';
import { type SpawnedApi, spawnApi } from './processes.ts';

const silent = () => {};

/** Builds the page into a folder, as the image does. */
export const buildPage = (folder: string, assetBaseUrl = '', source = 'web'): Promise<void> =>
  runToEnd(['node_modules/.bin/vite', 'build', source, '--outDir', resolve(folder), '--emptyOutDir'], {
    env: { ...process.env, ASSET_BASE_URL: assetBaseUrl, NODE_ENV: 'production' },
  });

/** A copy of the page's sources to change, where it finds the packages. */
export const copySources = () => {
  mkdirSync('.multiplex', { recursive: true });
  const folder = mkdtempSync('.multiplex/sources-');
  const source = join(folder, 'web');
  cpSync('web', source, { recursive: true, filter: (name) => !name.endsWith('/dist') });
  cpSync('tsconfig.json', join(folder, 'tsconfig.json'));
  return { source, remove: () => rmSync(folder, { recursive: true, force: true }) };
};

/** Adds a build to the folder that is served, as a deployment does. */
export const publishPage = (build: string, folder: string): Promise<void> =>
  runToEnd(['sh', 'web/publish.sh', build, folder]);

/** What a person meets: the page, as nginx.conf serves it, in front of several API processes. */
export interface Front {
  url: string;
  cinema: Cinema;
  /** The processes behind nginx by their names, which they answer with. */
  apis: Map<string, SpawnedApi>;
  browser: Browser;
  /** For builds and what else a test writes. */
  folder: string;
  /** What nginx serves. */
  page: string;
  close(): Promise<void>;
}

interface FrontOptions {
  instances?: number;
  env?: Env;
}

export const openFront = async ({ instances = 2, env = {} }: FrontOptions = {}): Promise<Front> => {
  const folder = mkdtempSync(join(tmpdir(), 'multiplex-front-'));
  const [build, page] = [join(folder, 'build'), join(folder, 'page')];
  mkdirSync(page);
  await buildPage(build);
  await publishPage(build, page);
  const cinema = await openCinema({ instances: 0, env: { TRUST_PROXY: '1', LOG_LEVEL: 'info', ...env } });
  const apis = new Map<string, SpawnedApi>();
  for (let number = 1; number <= instances; number += 1)
    apis.set(`api-${number}`, await spawnApi({ ...cinema.env, INSTANCE_ID: `api-${number}` }));
  const upstreams = [...apis.values()].map(({ url }) => Number(new URL(url).port));
  const configuration = productionConfiguration({ page });
  const nginx = await startNginx({ folder: join(folder, 'nginx'), upstreams, log: silent, configuration });
  const browser = await startChromium(silent);
  return {
    url: nginx.url,
    cinema,
    apis,
    browser,
    folder,
    page,
    close: async () => {
      await browser.close();
      await nginx.stop();
      await Promise.all([...apis.values()].map((api) => api.kill()));
      await cinema.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

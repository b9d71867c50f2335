import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import express, { type RequestHandler, Router } from 'express';
import type { Config } from '../config.ts';
import type { Lifecycle } from '../infrastructure/lifecycle.ts';
import { createPageHeaders } from './security-headers.ts';

/** As in nginx.conf: the page's own files, no inline script or style, no HTML made of strings. */
const BUILT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
/** Vite adds styles inline and speaks over a WebSocket of its own. */
const SOURCES_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws:; frame-ancestors 'none'";

/** What was built, for machines without nginx. Files with a hash in their name never change. */
const serveBuilt = (folder: string): RequestHandler => {
  const router = Router();
  const setHeaders = createPageHeaders();
  router.get('/', (_request, response) => {
    setHeaders(response);
    response.set({ 'Content-Security-Policy': BUILT_POLICY, 'Cache-Control': 'no-cache' });
    response.sendFile('index.html', { root: resolve(folder), cacheControl: false });
  });
  router.use(
    '/assets',
    express.static(join(folder, 'assets'), { index: false, maxAge: '1y', immutable: true }),
  );
  return router;
};

/** The sources, which Vite turns into what browsers know; a change shows at once in every open page. */
const serveSources = async (folder: string, lifecycle: Lifecycle): Promise<RequestHandler> => {
  const { createServer } = await import('vite'); // is not installed in production
  const vite = await createServer({ root: folder, appType: 'custom', server: { middlewareMode: true } });
  lifecycle.onClose('vite', () => vite.close());
  const router = Router();
  router.use((_request, response, next) => {
    response.set('Content-Security-Policy', SOURCES_POLICY);
    next();
  });
  router.get('/', async (_request, response) => {
    const html = await readFile(join(folder, 'index.html'), 'utf8');
    response.type('html').send(await vite.transformIndexHtml('/', html));
  });
  router.use(vite.middlewares);
  return router;
};

/** The front end, where this process is to serve it; behind nginx it is not, and its files never reach Node. */
export const openPage = async (config: Config, lifecycle: Lifecycle): Promise<RequestHandler | undefined> => {
  const { pageFolder } = config.http;
  if (!pageFolder) return undefined;
  if (!existsSync(join(pageFolder, 'index.html')))
    throw new Error(`PAGE_FOLDER: there is no index.html in ${pageFolder}; npm run build:page makes it`);
  return config.environment === 'development' ? serveSources(pageFolder, lifecycle) : serveBuilt(pageFolder);
};

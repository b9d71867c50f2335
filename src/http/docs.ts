import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { Router } from 'express';
import { buildOpenApi } from './openapi.ts';
import type { RouteGroup } from './route.ts';
import { createPageHeaders } from './security-headers.ts';

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Multiplex API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<div id="page"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>`;

const START = `SwaggerUIBundle({ url: '/v1/openapi.json', dom_id: '#page', deepLinking: true });`;

/** GET /v1/openapi.json and the page that browses it, /docs. */
export const createDocs = (groups: readonly RouteGroup[], publicUrl: string): Router => {
  const document = JSON.stringify(buildOpenApi(groups, publicUrl));
  const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const setPageHeaders = createPageHeaders();
  const router = Router();
  router.get('/v1/openapi.json', (_request, response) => {
    response.set('Cache-Control', 'no-cache').type('application/json').send(document);
  });
  router.get('/docs', (_request, response) => {
    setPageHeaders(response);
    response.type('html').send(PAGE);
  });
  router.get('/docs/start.js', (_request, response) => {
    response.type('text/javascript').send(START);
  });
  router.use('/docs/assets', express.static(assets, { index: false, maxAge: '1h' }));
  return router;
};

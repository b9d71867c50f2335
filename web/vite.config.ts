import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Where browsers fetch the files from that have a hash in their name; empty: from where the page is. */
const base = `${process.env.ASSET_BASE_URL ?? ''}/`.replace(/\/+$/, '/');
const outDir = 'dist';

/** SRI: a CDN that serves anything else than what was built is not obeyed. */
const withIntegrity = (html: string, folder: string): string =>
  html.replaceAll(
    /<(?:script|link)[^>]*(?:src|href)="([^"]*\/(assets\/[^"]+\.(?:js|css)))"/g,
    (tag, url, name) => {
      const hash = createHash('sha384')
        .update(readFileSync(join(folder, name)))
        .digest('base64');
      return tag.replace(`"${url}"`, `"${url}" integrity="sha384-${hash}"`);
    },
  );

/** nginx sends x.gz for x by itself. It has no such module for brotli, so those lie in a folder of their own. */
const compress = (folder: string, name: string) => {
  const content = readFileSync(join(folder, name));
  const brotli = join(folder, 'br', name);
  mkdirSync(dirname(brotli), { recursive: true });
  writeFileSync(brotli, brotliCompressSync(content));
  writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
};

const finish = (): Plugin => ({
  name: 'integrity-and-compression',
  apply: 'build',
  writeBundle: ({ dir = '' }) => {
    const page = join(dir, 'index.html');
    writeFileSync(page, withIntegrity(readFileSync(page, 'utf8'), dir));
    for (const name of ['index.html', ...readdirSync(join(dir, 'assets')).map((file) => `assets/${file}`)])
      compress(dir, name);
  },
});

// biome-ignore lint/style/noDefaultExport: Vite looks for it
export default defineConfig({
  base,
  plugins: [finish()],
  // Changes are told through a WebSocket of their own; a second copy in development needs another port.
  server: { hmr: { port: Number(process.env.HMR_PORT ?? 24_678) } },
  build: {
    outDir,
    assetsInlineLimit: 0, // the policy allows no data: URLs
    modulePreload: false, // there is one module, and integrity covers what the page names
    target: 'es2022',
  },
});

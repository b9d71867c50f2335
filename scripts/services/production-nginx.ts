import { readFileSync } from 'node:fs';
import type { Configuration } from './nginx.ts';

interface ProductionOptions {
  /** The folder that the page is served from. */
  page: string;
  /** Where the page's files are fetched from instead of here, such as `http://127.0.0.1:20001`. */
  assetOrigin?: string;
}

/** Replaces what must be there. @throws when it is not, as then nginx.conf has changed and this must too. */
const replace = (text: string, pattern: RegExp, by: string): string => {
  const result = text.replace(pattern, () => by);
  if (result === text) throw new Error(`nginx.conf has no ${pattern}`);
  return result;
};

/** nginx.conf as it is, but for what belongs to its container: paths, ports and the DNS that names replicas. */
export const productionConfiguration =
  ({ page, assetOrigin }: ProductionOptions): Configuration =>
  ({ folder, port, upstreams }) => {
    const servers = upstreams.map((upstream) => `server 127.0.0.1:${upstream} max_fails=1 fail_timeout=2s;`);
    const changes: [RegExp, string][] = [
      [/\/tmp\//g, `${folder}/`],
      [/error_log \/dev\/stderr/, 'error_log stderr'],
      [/access_log \/dev\/stdout .*;/, 'access_log off;'],
      [/server \w+:3000 resolve [^;]*;/g, servers.join(' ')],
      [/listen 8080 /, `listen 127.0.0.1:${port} `],
      [/listen 127\.0\.0\.1:8081/, `listen unix:${folder}/status.sock`],
      [/root \/page;/, `root ${page};`],
    ];
    if (assetOrigin) changes.push([/(?<=\$asset_origin \{\n\s*default )"";/, `" ${assetOrigin}";`]);
    const text = changes.reduce(
      (rest, [pattern, by]) => replace(rest, pattern, by),
      readFileSync('nginx.conf', 'utf8'),
    );
    // As root nginx would read files as another user, who may not enter temporary folders.
    const user = process.getuid?.() === 0 ? 'user root;' : '';
    return `daemon off; ${user}\n${text}`;
  };

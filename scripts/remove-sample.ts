import { execFileSync, execSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { runToEnd } from './services/children.ts';

/**
 * `npm run remove:sample` takes the cinema out and leaves accounts, all infrastructure and a green build. Three rules say
 * what goes: the sample's folders; every test, script and part of the page that uses one of its routes or tables, or
 * imports what goes; and helpers that nobody is left to import. Only what stays with a part of the sample in it is named.
 */
const FOLDERS =
  /^(src\/features\/(catalog|tickets|grocery)|scripts\/bench)\/|^scripts\/load\/scenarios\/(browse|buy|order|screenings)\.ts$|^test\/browser\/load-report|^docs\/decisions\/(live-seats|seat-holds|what-a-request-costs)\.md$|^docker-compose\.apart\.yml$|^scripts\/(remove-sample|test-scaffold)\.ts$/;
const USES = /\/v1\/(catalog|tickets|grocery)\b|\b(catalog|tickets|grocery)\.[a-z_]+|Popcorn|No movies/;
const JUDGED = /^(test|web\/src)\/.*\.m?ts$/;
/** Not helpers: these are started by name, not imported. */
const STARTED = /\.test\.ts$|^web\/src\/main\.ts$/;

type Edit = readonly [pattern: RegExp, replacement: string];
const line = (words: RegExp): Edit => [new RegExp(`^.*(?:${words.source}).*\\n`, 'gm'), ''];

/** What stays with a part of the sample in it. Each edit must find its place, or nothing is changed at all. */
const EDITS: Record<string, readonly Edit[]> = {
  'src/composition.ts': [
    line(/features\/(?:catalog|tickets|grocery)\/|import \{ accountsContract \}/),
    [/\/\*\*[^/]*\*\/\nconst createFeatures = /, '/** Which features there are. */\nconst createFeatures = '],
    [
      /(const createFeatures = \(parts: Parts), callsOf([\s\S]*?\n)(?: {2}const catalog =[\s\S]*?)\n\};\n/,
      '$1, _callsOf$2  return [accounts];\n};\n',
    ],
  ],
  'src/config.ts': [line(/HOLD_SE/), [/tickets@/, 'accounts@']],
  '.env.example': [
    [/# --- Seats[\s\S]*?HOLD_SEATS_PER_USER.*\n\n/, ''],
    [/tickets@/, 'accounts@'],
    [/# true adds the sample.*/, '# true adds sample rows, where a feature has some'],
  ],
  'nginx.conf': [
    [/\|catalog\|tickets\|grocery/, ''],
    [/ {2}upstream (?:catalog|tickets|grocery) \{[^}]*\}\n/g, ''],
    [/ {4}# Event streams[^\n]*\n {4}location ~ \^\/v1\/tickets[^}]*?\n {4}\}\n\n/, ''],
  ],
  'docker-compose.yml': [line(/HOLD_SE/), [/accounts, catalog, tickets, grocery/, 'accounts']],
  'scripts/load/scenarios/index.ts': [
    line(/browse|buy|order|screenings/i),
    [/\[4, account\]/, '[97, account]'],
  ],
  'scripts/start.ts': [
    [/The cinema {9}/, 'The page           '],
    [/curl -i "\$\{url\}\/v1\/catalog[^`]*?"\n/, 'curl -i $' + '{url}/v1/accounts/me\n'],
  ],
  'scripts/test-readme.ts': [
    [/tickets\/purchases/, 'accounts/login'],
    [/\/"seats":.*?\/, /, '/"email":"ann@example.test"/, '],
  ],
  'test/http/sessions.test.ts': [line(/'to a public route'/)],
  'test/http/queue-dashboard.test.ts': [[/, 'catalog', 'tickets', 'grocery'/, '']],
  'test/infrastructure/migrations.test.ts': [
    [/ {2}const count = [\s\S]*?(?= {2}assert\.deepEqual\(\(await made)/, ''],
  ],
  'web/index.html': [[/Movies, seats as they change, tickets and popcorn\./, 'Accounts.']],
  'web/src/main.ts': [
    line(/\.\/pages\/(?:grocery|movies|screening|tickets)|: (?:movies?|screening|tickets|grocery)Page,/),
    [/'movies'/, "'login'"],
  ],
  'web/src/header.ts': [
    line(/'#\/(?:tickets|grocery)'/),
    [/#\/movies', 'Movies'/, "#/login', 'Log in'"],
    [/#\/movies/g, '#/login'],
  ],
  'web/src/style/page.css': [line(/seats\.css/)],
  'package.json': [
    line(/"(?:pre)?(?:bench[:"]|test:apart|test:chaos|test:scaffold|test:browser|remove:sample)/),
    [/",?(\n {2}\},\n {2}"dependencies")/, '"$1'], // the last script may have gone
  ],
  '.ci/run': [line(/npm run (?:bench|test:(?:apart|chaos|scaffold|browser))/)],
  'README.md': [
    [/ `npm run test:compose` proves[\s\S]*?no receipt\./, ''],
    [/^The sample is a cinema[\s\S]*?\n\n/m, ''],
    [/the cinema is at/, 'the page is at'],
    [/## Buy a ticket/, '## Log in'],
    [/^SCREENING=[\s\S]*?(?=^```)/m, 'curl -si $API/accounts/me -H "Authorization: Bearer $TOKEN"\n'],
    [/Send the purchase again[^\n]*\n\n/, ''],
    line(/what-a-request-costs/),
    [/ `bench\/`,/, ''],
    [/ `docker-compose\.apart\.yml` runs[\s\S]*?apart\.md\)\.\n/, '\n'],
    [
      /path: '\/screenings\/:id\/price',\n {2}summary: 'What a seat costs'/,
      "path: '/points/:id',\n  summary: 'What was collected'",
    ],
    [/z\.strictObject\(\{ priceCents: cents \}\)/, 'z.strictObject({ points: z.int() })'],
    [/ok\(\{ priceCents: [^\n]*\),/, 'ok({ points: await loyalty.count(params.id) }),'],
    [/## Delete the sample\n[\s\S]*?(?=## )/, ''],
  ],
  'docs/decisions/deploying.md': [
    [/ With\s`COMPOSE_FILE[\s\S]*?these alone\./, ''],
    [/\*\*Measured\*\*[\s\S]*?\n\n/, ''],
  ],
  'docs/decisions/events.md': [[/\*\*The saga\*\*[\s\S]*?(?=When to decide otherwise)/, '']],
  'docs/decisions/README.md': [line(/\((?:live-seats|seat-holds|what-a-request-costs)\.md\)/)],
};

const read = (path: string) => readFileSync(path, 'utf8');
const listFiles = () =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);

/** Of our files; `test/…` is one that is started by its path. */
const importsOf = (path: string): string[] =>
  [...read(path).matchAll(/'((?:\.\.?|test)\/[^']+)'/g)].map(([, to = '']) =>
    to.startsWith('test/') ? to : normalize(join(dirname(path), to)),
  );

/** The files that go, by the rules above. */
const findGoing = (files: readonly string[]): Set<string> => {
  const going = new Set(files.filter((path) => FOLDERS.test(path)));
  const judged = files.filter((path) => JUDGED.test(path) && !EDITS[path]);
  const imports = new Map(
    files.filter((path) => /\.m?ts$/.test(path)).map((path) => [path, importsOf(path)]),
  );
  const uses = (path: string) =>
    USES.test(read(path)) || imports.get(path)?.some((other) => going.has(other));
  const importersOf = (path: string) =>
    [...imports].flatMap(([from, to]) => (to.includes(path) ? [from] : []));
  const isLeftAlone = (path: string) => {
    if (STARTED.test(path)) return false;
    const importers = importersOf(path);
    return importers.length > 0 && importers.every((from) => going.has(from) || isUnhooked(from, path));
  };
  for (let size = -1; size < going.size; ) {
    size = going.size;
    for (const path of judged) if (uses(path) || isLeftAlone(path)) going.add(path);
  }
  return going;
};

/** Whether an edit takes the import of `path` out of `from`. */
const isUnhooked = (from: string, path: string) =>
  EDITS[from] !== undefined && !edit(from).includes(path.split('/').at(-1) as string);

const edit = (path: string): string =>
  (EDITS[path] ?? []).reduce((text, [pattern, replacement]) => {
    if (text.search(pattern) < 0) throw new Error(`${path} has no ${pattern}`);
    return text.replace(pattern, replacement);
  }, read(path));

const main = async () => {
  if (execSync('git status --porcelain', { encoding: 'utf8' }).trim())
    throw new Error('Commit your changes first, so that git can bring back what this takes out.');
  const going = findGoing(listFiles());
  const edited = Object.keys(EDITS).map((path) => [path, edit(path)] as const);
  for (const path of going) rmSync(path);
  for (const [path, text] of edited) writeFileSync(path, text);
  await runToEnd(['biome', 'check', '--write', '.']);
  await runToEnd(['npm', 'run', '--silent', 'client']);
  console.log(
    `Removed ${going.size} files of the sample, and its lines from:\n  ${Object.keys(EDITS).join('\n  ')}`,
  );
  console.log('Look with git status, prove it by npm test, and commit.');
};

await main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});

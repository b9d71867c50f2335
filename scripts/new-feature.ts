import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from './services/children.ts';

/**
 * `npm run new:feature NAME` writes src/features/NAME and its test from the feature in scripts/templates/feature, which
 * is compiled and linted with all else; registers it in src/composition.ts; and proves it by its test.
 */
const TEMPLATE = 'scripts/templates/feature';
const COMPOSITION = 'src/composition.ts';
const CLIENT_TYPES = 'client/schema.d.ts';

// Reserved in PostgreSQL 18 (appendix C, "SQL Key Words"), and its own schema: the name is a schema, unquoted.
const RESERVED_IN_SQL =
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check
  collate collation column concurrently constraint create cross current_catalog default deferrable desc distinct do else
  end except false fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull
  join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer
  overlaps placing primary public references returning right select similar some symmetric system_user table tablesample
  then to trailing true union unique user using variadic verbose when where window with`.split(/\s+/);

const faultOf = (name: string): string | undefined => {
  if (!/^[a-z][a-z0-9]{1,29}$/.test(name))
    return 'A name is one word of 2 to 30 lower-case letters and digits: it is a folder, a path, a PostgreSQL schema and an identifier. Usage: npm run new:feature NAME';
  if (RESERVED_IN_SQL.includes(name)) return `"${name}" is a reserved word of SQL.`;
  if (name === 'api') return '"api" is the name of the service that serves all features.';
  if (existsSync(`src/features/${name}`)) return `There is a feature "${name}" already.`;
  return undefined;
};

const capitalize = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** What the template calls `things` and `thing`, as this feature calls them: `loyalty` has `loyaltyItem`s. */
const renameTo = (name: string) => {
  const words = /[^s]s$/.test(name) ? [name.slice(0, -1)] : [name, 'item'];
  const one = words[0] + words.slice(1).map(capitalize).join('');
  return (text: string) =>
    text
      .replaceAll("'thing'", `'${words.join(' ')}'`)
      .replaceAll('thing_', `${words.join('_')}_`)
      .replaceAll(/(?<![a-z])things/g, name) // not "nothings"
      .replaceAll('Things', capitalize(name))
      .replaceAll(/(?<![a-z])thing/g, one)
      .replaceAll('Thing', capitalize(one));
};

/** The files to write, by path. The template's imports reach src/ and test/ from where it lies. */
const renderFeature = (name: string): Map<string, string> => {
  const rename = renameTo(name);
  const files = new Map<string, string>();
  for (const file of readdirSync(join(TEMPLATE, 'src'))) {
    const text = readFileSync(join(TEMPLATE, 'src', file), 'utf8');
    const moved = text
      .replaceAll('../../../../src/features/', '../')
      .replaceAll('../../../../src/', '../../');
    files.set(`src/features/${name}/${file}`, rename(moved));
  }
  const tests = readFileSync(join(TEMPLATE, 'feature.test.ts'), 'utf8');
  files.set(`test/features/${name}.test.ts`, rename(tests.replaceAll('../../../test/', '../')));
  return files;
};

const register = (composition: string, name: string): string => {
  const maker = `create${capitalize(name)}`;
  const list = /(const createFeatures = [\s\S]*?\n {2}return \[[\s\S]*?),?\s*\];\n/;
  if (!list.test(composition)) throw new Error(`${COMPOSITION} has no createFeatures that returns a list.`);
  const registered = composition.replace(list, (_all, head: string) => `${head}, ${maker}(parts)];\n`);
  return `import { ${maker} } from './features/${name}/index.ts';\n${registered}`;
};

const PROVE = ['node', '--import', 'tsx', 'scripts/test.ts', 'test/http/client.test.ts'];

const addFeature = async (name: string): Promise<void> => {
  const files = renderFeature(name);
  const before = { [COMPOSITION]: '', [CLIENT_TYPES]: '' };
  for (const path of Object.keys(before) as (keyof typeof before)[])
    before[path] = readFileSync(path, 'utf8');
  const composition = register(before[COMPOSITION], name);
  const test = `test/features/${name}.test.ts`;
  try {
    mkdirSync(`src/features/${name}`);
    for (const [path, text] of files) writeFileSync(path, text);
    writeFileSync(COMPOSITION, composition);
    // Sorts the import into its place, and breaks lines where the new names are longer.
    await runToEnd(['biome', 'check', '--write', COMPOSITION, ...files.keys()]);
    await runToEnd([...PROVE, test], { env: { ...process.env, WRITE_CLIENT: '1' } });
  } catch (error) {
    for (const [path, text] of Object.entries(before)) writeFileSync(path, text);
    rmSync(test, { force: true });
    rmSync(`src/features/${name}`, { recursive: true, force: true });
    throw new Error(`Nothing is changed, as "${name}" would not pass:\n${(error as Error).message}`);
  }
  const maker = `create${capitalize(name)}`;
  const known = new Set(before[COMPOSITION].split('\n'));
  const lines = readFileSync(COMPOSITION, 'utf8').split('\n');
  console.log(`Wrote src/features/${name} and ${test}, which passes.\n${COMPOSITION} has gained:`);
  for (const line of lines) if (!known.has(line) && line.includes(maker)) console.log(`  ${line.trim()}`);
  console.log(`${CLIENT_TYPES} is made anew. It is served at /v1/${name} by the next npm start.`);
};

const [name = ''] = process.argv.slice(2);
const fault = faultOf(name);
if (fault) {
  console.error(fault);
  process.exitCode = 1;
} else {
  console.log(`Writing the feature "${name}", and running its test …`);
  await addFeature(name).catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
const sourceOf = (file: string) => readFileSync(join('src', file), 'utf8');

/** The files of ours that a file imports. */
const importsOf = (file: string): string[] =>
  [...sourceOf(file).matchAll(/(?:from|import\() ?'(\.[^']+)'|^import '(\.[^']+)'/gm)].map((match) =>
    normalize(join(dirname(file), (match[1] ?? match[2]) as string)),
  );

const LAYERS = [
  'config.ts',
  'errors.ts',
  'infrastructure',
  'http',
  'features',
  'composition.ts',
  'entry-points',
];
const layerOf = (file: string) => LAYERS.indexOf(file.split('/')[0] as string);

test('every file lies in a layer, and imports only from its own or a lower one', () => {
  for (const file of files) {
    assert.notEqual(layerOf(file), -1, `${file} lies in no layer`);
    for (const imported of importsOf(file))
      assert.ok(layerOf(imported) <= layerOf(file), `${file} must not import ${imported}`);
  }
});

test('a feature sees of another only its contract', () => {
  const featureOf = (file: string) => /^features\/([^/]+)\//.exec(file)?.[1];
  for (const file of files.filter(featureOf)) {
    for (const imported of importsOf(file)) {
      const other = featureOf(imported);
      if (other && other !== featureOf(file))
        assert.equal(imported, `features/${other}/contract.ts`, `${file} imports ${imported}`);
    }
  }
});

test('only entry points read the environment', () => {
  for (const file of files.filter((name) => !name.startsWith('entry-points/')))
    assert.doesNotMatch(sourceOf(file), /process\.env/, file);
});

test('nothing is exported as default', () => {
  for (const file of files) assert.doesNotMatch(sourceOf(file), /^export default/m, file);
});

test('no file but an entry point acts when it is imported', () => {
  // A statement at the top level that calls or awaits something; scripts for Redis lie in template strings.
  const acts = /^(?:await |[a-zA-Z_.]+\()/m;
  for (const file of files.filter((name) => !name.startsWith('entry-points/')))
    assert.doesNotMatch(sourceOf(file).replaceAll(/`[^`]*`/g, ''), acts, file);
});

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The page's script with uPlot in it, as one text that stands within a script element. */
export const bundleScript = async (): Promise<string> => {
  const result = await build({
    configFile: false,
    root: pathOf('.'),
    publicDir: false,
    logLevel: 'error',
    build: {
      write: false,
      emptyOutDir: false,
      lib: { entry: pathOf('page/main.ts'), formats: ['iife'], name: 'report' },
    },
  });
  const [output] = [result].flat() as Rolldown.RolldownOutput[];
  const [chunk] = output?.output ?? [];
  if (!chunk) throw new Error('The script of the report was not built.');
  return chunk.code.replaceAll('</script', '<\\/script');
};

/** The style of uPlot, and ours after it. */
export const bundleStyle = (): string => {
  const theirs = createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css');
  return [theirs, pathOf('style.css')].map((path) => readFileSync(path, 'utf8')).join('\n');
};

import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Verdict } from '../judge/judge.ts';
import type { Run } from '../run.ts';

export const RUNS = '.multiplex/load';

/** A run with what it came to when it was judged. */
export interface KeptRun {
  run: Run;
  verdict: Verdict;
}

/** It becomes a file name. @throws when it would lead out of the folder. */
const fileOf = (id: string): string => {
  if (!/^\w[\w.-]*$/.test(id)) throw new Error(`${id} cannot be the id of a run.`);
  return `${id}.json`;
};

const readKept = (path: string): KeptRun | undefined => {
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as KeptRun;
    return kept.run?.version === 1 && kept.verdict ? kept : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** Found by any of: a label, whose runs are repeats of each other; the beginning of an id; `latest`. */
const select = (kept: readonly KeptRun[], wanted: string): KeptRun[] => {
  if (wanted === 'latest') return kept.slice(-1);
  const exact = kept.filter(({ run }) => run.id === wanted);
  if (exact.length > 0) return exact;
  const labelled = kept.filter(({ run }) => run.label === wanted);
  if (labelled.length > 0) return labelled;
  const begun = kept.filter(({ run }) => run.id.startsWith(wanted));
  if (begun.length > 1)
    throw new Error(
      `${wanted} begins the ids of ${begun.length} runs: ${begun.map(({ run }) => run.id).join(', ')}`,
    );
  return begun;
};

/** Runs as files in a folder, which is made when the first is kept. @param warn is told of files that are no runs. */
export const createStore = (folder = RUNS, warn: (line: string) => void = console.warn) => {
  const names = (): string[] => {
    try {
      return readdirSync(folder).filter((name) => name.endsWith('.json'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  };
  /** The oldest first. */
  const list = (): KeptRun[] =>
    names()
      .flatMap((name) => {
        const kept = readKept(join(folder, name));
        if (!kept) warn(`${join(folder, name)} is no run that this version can read; it is left out.`);
        return kept ? [kept] : [];
      })
      .toSorted((a, b) => (a.run.id < b.run.id ? -1 : 1));
  return {
    folder,
    list,
    /** Whole or not at all: a reader never sees half a file. @returns its path. */
    keep: (kept: KeptRun): string => {
      const path = join(folder, fileOf(kept.run.id));
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${path}.part`, JSON.stringify(kept));
      renameSync(`${path}.part`, path);
      return path;
    },
    /** @param wanted a label, the beginning of an id, or `latest`. @throws when there is none, or several ids begin so. */
    find: (wanted: string): KeptRun[] => {
      const kept = list();
      const found = select(kept, wanted);
      if (found.length > 0) return found;
      const known = [...new Set(kept.map(({ run }) => run.label))].join(', ') || 'none';
      throw new Error(`No run is called ${wanted}. Labels in ${folder}: ${known}.`);
    },
  };
};

export type RunStore = ReturnType<typeof createStore>;

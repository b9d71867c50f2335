import type { Part } from '../run.ts';
import type { Reading, Source } from './source.ts';

/** A source that takes longer has no reading for this second. */
const PATIENCE_MS = 900;

const withPatience = <T>(work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

/** Puts what the sources say into series that all have a value, or null, for each second. */
export const createVitals = (sources: readonly Source[], warn: (line: string) => void) => {
  const parts = new Map<string, Part>();
  const warned = new Set<string>();
  let seconds = 0;

  const readOne = async (source: Source): Promise<Reading[]> => {
    try {
      return await withPatience(source.read());
    } catch (error) {
      if (!warned.has(source.name)) warn(`${source.name} cannot be read: ${(error as Error).message}`);
      warned.add(source.name);
      return [];
    }
  };

  const note = ({ part, vitals }: Reading, index: number) => {
    const known = parts.get(part.name) ?? { ...part, vitals: [] };
    parts.set(part.name, known);
    known.cpuLimitCores ??= part.cpuLimitCores;
    known.memoryLimitBytes ??= part.memoryLimitBytes;
    for (const [name, unit, value] of vitals) {
      const vital = known.vitals.find((one) => one.name === name) ?? { name, unit, values: [] };
      if (!known.vitals.includes(vital)) known.vitals.push(vital);
      while (vital.values.length < index) vital.values.push(null);
      vital.values[index] = value !== null && Number.isFinite(value) ? value : null;
    }
  };

  return {
    /** One reading of all, for the second of this number. */
    sample: async (second: number, own: readonly Reading[] = []): Promise<void> => {
      seconds = Math.max(seconds, second + 1);
      for (const reading of [...own, ...(await Promise.all(sources.map(readOne))).flat()])
        note(reading, second);
    },
    /** All parts, with series of `length` seconds. */
    parts: (length = seconds): Part[] =>
      [...parts.values()].map((part) => ({
        ...part,
        vitals: part.vitals.map((vital) => ({
          ...vital,
          values: Array.from({ length }, (_, second) => vital.values[second] ?? null),
        })),
      })),
    close: async () => {
      await Promise.all(sources.map((source) => source.close()));
    },
  };
};

export type Vitals = ReturnType<typeof createVitals>;

import type { Part, Unit } from '../run.ts';

/** Figures of one part at one moment. */
export interface Reading {
  part: Omit<Part, 'vitals'>;
  vitals: readonly (readonly [name: string, unit: Unit, value: number | null])[];
}

/** Where readings come from. One that cannot be read rejects; the run goes on. */
export interface Source {
  /** For the message, when it cannot be read. */
  name: string;
  read(): Promise<Reading[]>;
  close(): void | Promise<void>;
}

/** How much a counter grew per second since the last look; null at the first, and when it began anew. */
export const createRates = () => {
  const known = new Map<string, { value: number; at: number }>();
  return (key: string, value: number, at = performance.now()): number | null => {
    const before = known.get(key);
    known.set(key, { value, at });
    if (!before || value < before.value || at <= before.at) return null;
    return ((value - before.value) * 1_000) / (at - before.at);
  };
};

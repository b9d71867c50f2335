/** Repeatable randomness (mulberry32): a failing test names its seed, and TEST_SEED=<seed> runs it again. */
export const createRandom = (seed = Number(process.env.TEST_SEED) || Date.now() % 2 ** 31) => {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  /** `count` of the items, each once, in random order. */
  const sample = <T>(items: readonly T[], count: number): T[] => {
    const rest = [...items];
    return Array.from({ length: count }, () => rest.splice(below(rest.length), 1)[0] as T);
  };
  return { seed, next, below, pick, sample };
};

export type Random = ReturnType<typeof createRandom>;

const LONGEST_WAIT_MS = 15_000;
const BETWEEN_LOOKS_MS = 20;

/** Looks until `probe` gives something truthy, and returns that. @throws after `longestMs`, naming what did not come. */
export const waitFor = async <T>(
  what: string,
  probe: () => T | Promise<T>,
  longestMs = LONGEST_WAIT_MS,
): Promise<NonNullable<T>> => {
  const deadline = performance.now() + longestMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
  }
};

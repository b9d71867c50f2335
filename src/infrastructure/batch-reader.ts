/**
 * Reads by key, one read after the other, with at least `pauseMs` between them. All keys asked for meanwhile go into the
 * next read, so the load is bounded however many ask. What is returned was read after it was asked for, never before.
 */
export const createBatchReader = <Value>(
  readAll: (keys: string[]) => Promise<Map<string, Value>>,
  pauseMs: number,
) => {
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
  let previous: Promise<unknown> = Promise.resolve();
  let next: { keys: Set<string>; values: Promise<Map<string, Value>> } | undefined;

  const prepareNext = () => {
    const keys = new Set<string>();
    const values = previous.then(() => {
      next = undefined;
      return readAll([...keys]);
    });
    previous = values.catch(() => {}).then(pause);
    return { keys, values };
  };

  return async (key: string): Promise<Value | undefined> => {
    next ??= prepareNext();
    next.keys.add(key);
    return (await next.values).get(key);
  };
};

/** A value that others are told of when it changes. */
export const createState = <T>(initial: T) => {
  let value = initial;
  const listeners = new Set<(value: T) => void>();
  return {
    get: () => value,
    set: (next: T) => {
      value = next;
      for (const listener of listeners) listener(next);
    },
    /** Calls now and at each change, until the signal aborts. */
    follow: (listener: (value: T) => void, signal?: AbortSignal) => {
      if (signal?.aborted) return;
      listeners.add(listener);
      signal?.addEventListener('abort', () => listeners.delete(listener));
      listener(value);
    },
  };
};

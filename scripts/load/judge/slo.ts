import { readFileSync } from 'node:fs';
import { z } from 'zod';

const seconds = z.number().positive();
const share = z.number().min(0).max(1);

const level = z
  .strictObject({ p95: seconds.optional(), p99: seconds.optional(), failedShare: share.optional() })
  .refine(({ p95 = 0, p99 = Number.POSITIVE_INFINITY }) => p95 <= p99, 'p95 must not be above p99');

const schema = z.strictObject({
  levels: z.record(z.string(), level).default({}),
  redLines: z
    .strictObject({ cpu: share.default(0.75), memory: share.default(0.85), late: share.default(0.01) })
    .prefault({}),
});

/** `p95` and `p99` in seconds, `failedShare` from 0 to 1. */
export type Level = z.infer<typeof level>;
/**
 * Service levels by the name of a request, or `*` for all; the shares of CPU and memory not to be passed; and of arrivals
 * that the generator may send `late` before a result tells more of it than of the system.
 */
export type Slo = z.infer<typeof schema>;

/** What holds for one request: its own figures, and those of `*` where it has none. */
export const levelOf = ({ levels }: Slo, name: string): Level => ({ ...levels['*'], ...levels[name] });

const parseJson = (text: string, source: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${source} is no JSON: ${(error as Error).message}`, { cause: error });
  }
};

/** @throws an error that lists every fault, each with its place in the file. */
export const parseSlo = (text: string, source: string): Slo => {
  const result = schema.safeParse(parseJson(text, source));
  if (result.success) return result.data;
  const faults = result.error.issues.map(
    ({ path, message }) => `  ${path.join(' → ') || 'the file'}: ${message}`,
  );
  throw new Error(`${source} has faults:\n${faults.join('\n')}`);
};

/** @throws when there is no such file, or it has faults. */
export const readSlo = (path: string): Slo => parseSlo(readFileSync(path, 'utf8'), path);

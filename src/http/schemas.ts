import { z } from 'zod';
import { AppError } from '../errors.ts';

/** A line of text. PostgreSQL cannot store NUL and would change half a surrogate pair, so both are refused here. */
export const text = (maximum: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(maximum)
    .regex(/^[^\0\p{Cs}]*$/u, 'must be well-formed text without the NUL character');

export const id = z.uuid();
export const byId = z.strictObject({ id });
export const timestamp = z.iso.datetime({ offset: true });
/** A time that a client chooses, in UTC: ISO 8601 knows zones, years and fractions that PostgreSQL does not. */
export const futureTime = timestamp
  .refine((time) => Date.parse(time) > Date.now(), 'must be in the future')
  .transform((time) => new Date(time).toISOString())
  .pipe(z.iso.datetime('must be before the year 10000'));
/** A time as PostgreSQL gives it with all its digits, for cursors. */
export const exactTime = z.iso.datetime({ precision: 6 }).refine((time) => !time.startsWith('0000'));
/** Money in the currency's smallest unit; bounded by PostgreSQL's integer. */
export const cents = z.int().min(0).max(2_000_000_000);

const DEFAULT_PAGE = 20;
const LARGEST_PAGE = 100;

/** Query of every list: at most `limit` items, after the page that gave `cursor`. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(LARGEST_PAGE).default(DEFAULT_PAGE),
  cursor: z.string().max(200).optional(),
});

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({
    items: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'Give it as `cursor` for the next page; null on the last.' }),
  });

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

const invalidCursor = () =>
  new AppError({ code: 'invalid_cursor', status: 400, detail: 'The cursor is not one that this list gave.' });

const isKey = (key: unknown, length: number): key is string[] =>
  Array.isArray(key) && key.length === length && key.every((part) => typeof part === 'string');

/**
 * Reads the sort key of the last item seen out of an opaque cursor; undefined for the first page.
 * @throws {AppError} `invalid_cursor` unless it holds exactly the parts that `parts` accepts, in their order.
 */
export const readCursor = (cursor: string | undefined, parts: readonly z.ZodType[]): string[] | undefined => {
  if (cursor === undefined) return undefined;
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw invalidCursor();
  }
  if (!isKey(key, parts.length) || !parts.every((part, index) => part.safeParse(key[index]).success))
    throw invalidCursor();
  return key;
};

/** Makes a page of rows that were read with `limit + 1`; `keyOf` gives an item's sort key, as {@link readCursor} wants it. */
export const toPage = <Item>(rows: Item[], limit: number, keyOf: (item: Item) => string[]): Page<Item> => {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? Buffer.from(JSON.stringify(keyOf(last))).toString('base64url') : null };
};

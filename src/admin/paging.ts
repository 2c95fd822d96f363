import { z } from '@hono/zod-openapi'
import { AdminRefusal } from './refusal.ts'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1_000
/** Far beyond any cursor made here. */
const MAX_CURSOR = 1_000

/** The query parameters of every list. */
export const pageQuery = {
  // Digits alone: `Number` would read `0x10`, `1e2` and blanks as numbers.
  limit: z
    .string({ error: 'must be a whole number' })
    .regex(/^\d{1,9}$/, { error: 'must be a whole number' })
    .transform(Number)
    .pipe(z.int().min(1).max(MAX_LIMIT))
    .default(DEFAULT_LIMIT)
    .openapi({ description: 'How many items at most', type: 'integer', minimum: 1, maximum: MAX_LIMIT }),
  cursor: z.string().max(MAX_CURSOR).optional().openapi({ description: '`next` of the page before' }),
}

/** The schema of a list's answer: `{items, next}`. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    items: z.array(item),
    next: z.string().nullable().openapi({ description: 'Cursor of the next page; null: this is the last' }),
  })
}

export interface Page<Item> {
  readonly items: Item[]
  readonly next: string | null
}

export interface PageOptions {
  readonly limit: number
  readonly cursor?: string | undefined
}

/**
 * One page of a list in the order of its keys. The cursor holds the last key shown rather than a count, so that what is
 * made or deleted meanwhile neither repeats nor hides anything else. Throws AdminRefusal `invalid_cursor`.
 */
export function pageBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  { limit, cursor }: PageOptions,
): Page<Item> {
  const after = cursor === undefined ? null : readCursor(cursor)
  const sorted = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => after === null || key > after)
    .toSorted((one, other) => (one.key < other.key ? -1 : Number(one.key > other.key)))
  const shown = sorted.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(({ item }) => item),
    next: sorted.length > shown.length && last !== undefined ? writeCursor(last.key) : null,
  }
}

export function writeCursor(key: string): string {
  return Buffer.from(`k${key}`).toString('base64url')
}

/** Throws AdminRefusal `invalid_cursor` for what `writeCursor` did not write. */
export function readCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString()
  if (!text.startsWith('k') || writeCursor(text.slice(1)) !== cursor) {
    throw new AdminRefusal('invalid_cursor', 'cursor is not one that a list has answered', {
      field: 'cursor',
    })
  }
  return text.slice(1)
}

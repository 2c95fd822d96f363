import type { Pieces } from './pieces.ts'

/**
 * Where each top-level member of a JSON object stands in its bytes, without parsing what is inside.
 *
 * A request for an OpenAI-shaped upstream differs from the client's only in a few top-level members; with their
 * places known the rest is never printed again. The scan also sees what `JSON.parse` hides: duplicate members.
 */
export interface Member {
  /** The decoded name: an escaped spelling (`"m\u006fdel"`) reads as what it means. */
  readonly key: string
  /** Offset of the name's opening quote, and the value's first byte and the byte after its last. */
  readonly keyStart: number
  readonly valueStart: number
  readonly valueEnd: number
}

export interface TopLevel {
  /** The bytes that the places count in. */
  readonly pieces: Pieces
  readonly members: readonly Member[]
}

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c
const colon = 0x3a

/** Thirty times as many as any request has: each costs a parser, and whoever looks through them, time. */
const maxMembers = 1000

/**
 * Of all members, lists and objects, and of all values: far more than any request has. For so many a parser takes up to
 * 0.3 s, in which nobody else is served; for as many as fit into a body it would take seconds.
 */
const maxNested = 100_000
const maxValues = 1_000_000

/** Offsets of the opening quote and behind the closing one of each long string in a value, one pair after another. */
export type LongStrings = readonly number[]

/** Quotes included. */
export const longStringBytes = 4096

/** So many are looked at before a native search is called, which costs as much as these. */
const nearBytes = 24

/** What a scan has come by so far. */
interface Seen {
  readonly longStrings: number[]
  nested: number
  values: number
}

const nothingSeen = (): Seen => ({ longStrings: [], nested: 0, values: 0 })

export type Scan =
  | { readonly kind: 'object'; readonly top: TopLevel; readonly longStrings: LongStrings }
  | { readonly kind: 'not-an-object' }
  | { readonly kind: 'too-deep' }
  | { readonly kind: 'too-many'; readonly what: string }
  | { readonly kind: 'malformed' }

/**
 * Total over any bytes. `malformed` and `not-an-object` are certain; an `object` may still hold a fault that only a
 * real parser sees, so parse as well before trusting it. Nesting deeper than `maxDepth`, and more of anything than its
 * bound, stop the scan early, before a parser would build it. `pieces` are the same bytes as they are to be kept, where
 * `bytes` will not be.
 */
export function scanTopLevel(bytes: Buffer, maxDepth: number, pieces: Pieces = [bytes]): Scan {
  let at = skipSpace(bytes, 0)
  if (at >= bytes.length) return { kind: 'malformed' }
  if (bytes[at] !== openBrace) return boundsOnly(bytes, at, maxDepth)
  const members: Member[] = []
  const seen = nothingSeen()
  const { longStrings } = seen
  at = skipSpace(bytes, at + 1)
  if (bytes[at] === closeBrace) return { kind: 'object', top: { pieces, members }, longStrings }
  for (;;) {
    if (bytes[at] !== quote) return { kind: 'malformed' }
    if (members.length === maxMembers) return { kind: 'too-many', what: `${maxMembers} members` }
    const keyStart = at
    const keyEnd = skipString(bytes, at, null)
    const key = keyEnd < 0 ? null : decodeKey(bytes, keyStart, keyEnd)
    if (key === null) return { kind: 'malformed' }
    at = skipSpace(bytes, keyEnd)
    if (bytes[at] !== colon) return { kind: 'malformed' }
    const valueStart = skipSpace(bytes, at + 1)
    const valueEnd = skipValue(bytes, valueStart, maxDepth - 1, seen)
    if (valueEnd <= valueStart) return overBounds(valueEnd) ?? { kind: 'malformed' }
    members.push({ key, keyStart, valueStart, valueEnd })
    at = skipSpace(bytes, valueEnd)
    if (bytes[at] === closeBrace) return { kind: 'object', top: { pieces, members }, longStrings }
    if (bytes[at] !== comma) return { kind: 'malformed' }
    at = skipSpace(bytes, at + 1)
  }
}

const tooDeep = -2
const tooManyNested = -3
const tooManyValues = -4

function boundsOnly(bytes: Buffer, start: number, maxDepth: number): Scan {
  const end = skipValue(bytes, start, maxDepth, nothingSeen())
  return overBounds(end) ?? { kind: 'not-an-object' }
}

function overBounds(end: number): Scan | null {
  if (end === tooDeep) return { kind: 'too-deep' }
  if (end === tooManyNested) return { kind: 'too-many', what: `${maxNested} members, lists and objects` }
  return end === tooManyValues ? { kind: 'too-many', what: `${maxValues} values` } : null
}

function decodeKey(bytes: Buffer, start: number, end: number): string | null {
  const text = bytes.toString('utf8', start + 1, end - 1)
  if (!text.includes('\\')) return text
  try {
    const decoded: unknown = JSON.parse(`"${text}"`)
    return typeof decoded === 'string' ? decoded : null
  } catch {
    return null
  }
}

function skipSpace(bytes: Buffer, start: number): number {
  let at = start
  for (; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
  }
  return at
}

/** The offset after the closing quote, or -1. */
function skipString(bytes: Buffer, start: number, seen: Seen | null): number {
  let at = start + 1
  for (;;) {
    const close = nextQuote(bytes, at)
    if (close < 0) return -1
    let slashes = 0
    while (close - 1 - slashes > start && bytes[close - 1 - slashes] === backslash) slashes++
    at = close + 1
    if (slashes % 2 !== 0) continue
    if (at - start >= longStringBytes) seen?.longStrings.push(start, at)
    return at
  }
}

/** Most strings are names and words of a few bytes; longer ones are crossed by `indexOf`, which is native. */
function nextQuote(bytes: Buffer, start: number): number {
  const near = Math.min(start + nearBytes, bytes.length)
  for (let at = start; at < near; at++) if (bytes[at] === quote) return at
  return bytes.indexOf(quote, near)
}

/** The offset after the value, -1 where it does not end, or which bound it is over. */
function skipValue(bytes: Buffer, start: number, maxDepth: number, seen: Seen): number {
  const first = bytes[start]
  if (first === quote) return skipString(bytes, start, seen)
  if (first !== openBrace && first !== openBracket) return skipScalar(bytes, start)
  let depth = 0
  for (let at = start; at < bytes.length;) {
    const byte = bytes[at]
    if (byte === quote) {
      at = skipString(bytes, at, seen)
      if (at < 0) return -1
      continue
    }
    at++
    if (byte === openBrace || byte === openBracket) {
      if (++depth > maxDepth) return tooDeep
      if (++seen.nested > maxNested) return tooManyNested
    } else if (byte === closeBrace || byte === closeBracket) {
      if (--depth === 0) return at
    } else if (byte === comma) {
      if (++seen.values > maxValues) return tooManyValues
    } else if (byte === colon && ++seen.nested > maxNested) {
      return tooManyNested
    }
  }
  return -1
}

function skipScalar(bytes: Buffer, start: number): number {
  let at = start
  for (; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === comma || byte === closeBrace || byte === closeBracket || byte === quote) break
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) break
  }
  return at
}

import { textOf, type Pieces } from './pieces.ts'
import type { LongStrings, Member, TopLevel } from './top-level.ts'

/**
 * A JSON object of which long strings have been looked over but not decoded: to decode and copy them is most of what
 * reading a large request costs, and a request that goes on in its own bytes needs nothing of them.
 */
export interface Outline {
  /** The object with each long string as `""`: fit to look at the types of things, and for nothing else. */
  readonly object: Record<string, unknown>
  /** Gives `object` back its long strings, read where a member is asked for: from now on it is the whole object. */
  readonly restore: () => void
}

/**
 * Throws SyntaxError where the whole is no JSON. The bytes must be UTF-8 and the scan that of these bytes; they are not
 * looked at again afterwards, but for the scan's own pieces.
 */
export function outlineOf(bytes: Buffer, top: TopLevel, longStrings: LongStrings): Outline {
  if (!areStrings(bytes, longStrings)) throw new SyntaxError('a string is malformed')
  const object = JSON.parse(shortened(bytes, longStrings)) as Record<string, unknown>
  return { object, restore: () => restore(object, top, longStrings) }
}

function shortened(bytes: Buffer, longStrings: LongStrings): string {
  let text = ''
  let at = 0
  for (let index = 0; index < longStrings.length; index += 2) {
    text += `${bytes.toString('utf8', at, longStrings[index])}""`
    at = longStrings[index + 1] as number
  }
  return text + bytes.toString('utf8', at)
}

function restore(
  object: Record<string, unknown>,
  { pieces, members }: TopLevel,
  longStrings: LongStrings,
): void {
  const shortened = membersWith(longStrings, members)
  const later = new Map<string, Member>()
  // Of equal names the last one counts, as it does for the parser.
  for (const member of new Map(members.map((each) => [each.key, each])).values()) {
    const reader = readers.get(member.key)
    if (!shortened.has(member)) continue
    if (reader === undefined) define(object, member.key, readMember(pieces, member))
    else Object.defineProperty(object, member.key, reader)
    later.set(member.key, member)
  }
  Object.defineProperty(object, unread, { value: { pieces, members: later } })
}

/** Both stand in the order of their places. */
function membersWith(longStrings: LongStrings, members: readonly Member[]): Set<Member> {
  const found = new Set<Member>()
  let index = 0
  for (let pair = 0; pair < longStrings.length; pair += 2) {
    while ((members[index] as Member).valueEnd <= (longStrings[pair] as number)) index++
    found.add(members[index] as Member)
  }
  return found
}

function readMember(pieces: Pieces, { valueStart, valueEnd }: Member): unknown {
  return JSON.parse(textOf(pieces, valueStart, valueEnd))
}

const unread = Symbol('what is read when it is asked for')

interface Unread {
  readonly [unread]: { readonly pieces: Pieces; readonly members: ReadonlyMap<string, Member> }
}

/**
 * One getter for all bodies. V8 keeps an accessor in the shape of its object: with a getter of its own each body would
 * have a shape of its own, and stay, bytes and all, until the whole heap is collected.
 */
function readerOf(name: string): PropertyDescriptor & ThisType<Unread> {
  return {
    configurable: true,
    enumerable: true,
    get() {
      const { pieces, members } = this[unread]
      const value = readMember(pieces, members.get(name) as Member)
      define(this, name, value)
      return value
    },
  }
}

/** What holds long strings in OpenAI's requests; anything else is read at once. */
const readers: ReadonlyMap<string, PropertyDescriptor> = new Map(
  ['messages', 'input', 'prompt', 'suffix', 'tools', 'functions', 'response_format', 'prediction'].map(
    (name) => [name, readerOf(name)],
  ),
)

function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { configurable: true, enumerable: true, writable: true, value })
}

const backslash = 0x5c
const letterU = 0x75
/** What may follow a backslash: `"\/bfnrt`, and `u` (RFC 8259 §7). */
const escapes: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrtu'))

/** Whether what stands between the quotes is what a JSON string may hold. */
function areStrings(bytes: Buffer, longStrings: LongStrings): boolean {
  const end = bytes.length
  // Looked up once for all strings behind it: a search from each would read the rest of the body again and again.
  let nextEscape = -1
  for (let index = 0; index < longStrings.length; index += 2) {
    const first = (longStrings[index] as number) + 1
    const last = (longStrings[index + 1] as number) - 1
    if (holdsControl(bytes, first, last)) return false
    if (nextEscape < first) nextEscape = indexOrEnd(bytes.indexOf(backslash, first), end)
    while (nextEscape < last) {
      const length = escapeLength(bytes, nextEscape)
      if (length === 0) return false
      nextEscape = indexOrEnd(bytes.indexOf(backslash, nextEscape + length), end)
    }
  }
  return true
}

function indexOrEnd(index: number, end: number): number {
  return index < 0 ? end : index
}

function escapeLength(bytes: Buffer, at: number): number {
  const next = bytes[at + 1] as number
  if (!escapes.has(next)) return 0
  if (next !== letterU) return 2
  return /^[\da-f]{4}$/i.test(bytes.toString('latin1', at + 2, at + 6)) ? 6 : 0
}

/** Bit 7 of each byte of a word. */
const highBits = 0x80808080 | 0

/** Whether any of these bytes is below 0x20, which is to say that its three highest bits are zero. Four at a time. */
function holdsControl(bytes: Buffer, start: number, end: number): boolean {
  const offset = bytes.byteOffset
  const words = new Int32Array(bytes.buffer, 0, bytes.buffer.byteLength >> 2)
  const first = Math.ceil((offset + start) / 4)
  const last = Math.floor((offset + end) / 4)
  let everywhere = -1
  for (let index = first; index < last; index++) {
    const word = words[index] as number
    everywhere &= word | (word << 1) | (word << 2)
  }
  if ((everywhere & highBits) !== highBits) return true
  return isAnyControl(bytes, start, first * 4 - offset) || isAnyControl(bytes, last * 4 - offset, end)
}

function isAnyControl(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((bytes[at] as number) < 0x20) return true
  return false
}

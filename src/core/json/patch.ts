import { createSlicer, type Pieces } from './pieces.ts'
import type { Member, TopLevel } from './top-level.ts'

/** New JSON text for a top-level member, or `undefined` to take the member out. */
export type Changes = ReadonlyMap<string, string | undefined>

/** Smaller pieces are copied together: each that is not is a write of its own. */
const largeBytes = 16 * 1024

/**
 * The same object with some top-level members replaced, added or taken out; every other byte stays as it was.
 * Of a duplicated member the first place takes the new value and the others go, so that no reader sees the old one.
 */
export function patchTopLevel(top: TopLevel, changes: Changes): Pieces {
  if (changes.size === 0) return top.pieces
  // Untouched runs stay bytes, what is new is text.
  const parts: (Uint8Array | string)[] = []
  let text = '{'
  let isFirst = true
  const done = new Set<string>()
  const slice = createSlicer(top.pieces)
  const begin = () => {
    if (!isFirst) text += ','
    isFirst = false
  }
  const addChange = (key: string, value: string | undefined) => {
    if (value !== undefined && !done.has(key)) {
      begin()
      text += `${JSON.stringify(key)}:${value}`
    }
    done.add(key)
  }
  for (let index = 0; index < top.members.length; index++) {
    const member = top.members[index] as Member
    if (changes.has(member.key)) addChange(member.key, changes.get(member.key))
    else {
      index = lastUnchanged(top, changes, index)
      begin()
      if (text !== '') parts.push(text)
      text = ''
      for (const view of slice(member.keyStart, (top.members[index] as Member).valueEnd)) parts.push(view)
    }
  }
  for (const [key, value] of changes) addChange(key, value)
  parts.push(`${text}}`)
  return fewPieces(parts)
}

/** Large runs stay where they are; what lies between them is written into buffers. */
function fewPieces(parts: readonly (Uint8Array | string)[]): Uint8Array[] {
  const made: Uint8Array[] = []
  let between: (Uint8Array | string)[] = []
  for (const part of parts) {
    if (typeof part === 'string' || part.length < largeBytes) between.push(part)
    else {
      if (between.length > 0) made.push(joined(between))
      made.push(part)
      between = []
    }
  }
  made.push(joined(between))
  return made
}

function joined(parts: readonly (Uint8Array | string)[]): Uint8Array {
  const most = (part: Uint8Array | string) => (typeof part === 'string' ? roomFor(part) : part.length)
  const whole = Buffer.allocUnsafe(parts.reduce((sum, part) => sum + most(part), 0))
  let at = 0
  for (const part of parts) {
    if (typeof part === 'string') at += whole.write(part, at)
    else {
      whole.set(part, at)
      at += part.length
    }
  }
  return whole.subarray(0, at)
}

/** No character takes more than three bytes of UTF-8; to count those of a short text costs more than the room. */
function roomFor(text: string): number {
  return text.length < 100 ? 3 * text.length : Buffer.byteLength(text)
}

/** Runs of untouched members are copied as one slice, commas and white space included. */
function lastUnchanged(top: TopLevel, changes: Changes, start: number): number {
  let end = start
  while (end + 1 < top.members.length && !changes.has((top.members[end + 1] as Member).key)) end++
  return end
}

import type { Member, TopLevel } from './top-level.ts'

/** New JSON text for a top-level member, or `undefined` to take the member out. */
export type Changes = ReadonlyMap<string, string | undefined>

/**
 * The same object with some top-level members replaced, added or taken out; every other byte stays as it was.
 * Of a duplicated member the first place takes the new value and the others go, so that no reader sees the old one.
 */
export function patchTopLevel(top: TopLevel, changes: Changes): Uint8Array {
  if (changes.size === 0) return top.bytes
  // Untouched runs stay bytes, what is new is text: written into one buffer at the end.
  const parts: (Uint8Array | string)[] = []
  const done = new Set<string>()
  const add = (part: Uint8Array | string) => parts.push(parts.length === 0 ? '{' : ',', part)
  const addChange = (key: string, value: string | undefined) => {
    if (value !== undefined && !done.has(key)) add(`${JSON.stringify(key)}:${value}`)
    done.add(key)
  }
  for (let index = 0; index < top.members.length; index++) {
    const member = top.members[index] as Member
    if (changes.has(member.key)) addChange(member.key, changes.get(member.key))
    else {
      index = lastUnchanged(top, changes, index)
      add(top.bytes.subarray(member.keyStart, (top.members[index] as Member).valueEnd))
    }
  }
  for (const [key, value] of changes) addChange(key, value)
  parts.push(parts.length === 0 ? '{}' : '}')
  return joined(parts)
}

function joined(parts: readonly (Uint8Array | string)[]): Uint8Array {
  const size = (part: Uint8Array | string) =>
    typeof part === 'string' ? Buffer.byteLength(part) : part.length
  const whole = Buffer.allocUnsafe(parts.reduce((sum, part) => sum + size(part), 0))
  let at = 0
  for (const part of parts) {
    if (typeof part === 'string') at += whole.write(part, at)
    else {
      whole.set(part, at)
      at += part.length
    }
  }
  return whole
}

/** Runs of untouched members are copied as one slice, commas and white space included. */
function lastUnchanged(top: TopLevel, changes: Changes, start: number): number {
  let end = start
  while (end + 1 < top.members.length && !changes.has((top.members[end + 1] as Member).key)) end++
  return end
}

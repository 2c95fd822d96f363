import type { Member, TopLevel } from './top-level.ts'

/** New JSON text for a top-level member, or `undefined` to take the member out. */
export type Changes = ReadonlyMap<string, string | undefined>

/**
 * The same object with some top-level members replaced, added or taken out; every other byte stays as it was.
 * Of a duplicated member the first place takes the new value and the others go, so that no reader sees the old one.
 */
export function patchTopLevel(top: TopLevel, changes: Changes): Uint8Array {
  if (changes.size === 0) return top.bytes
  const done = new Set<string>()
  const parts: Uint8Array[] = []
  const text = (value: string) => parts.push(Buffer.from(value))
  let started = false
  const separate = () => {
    text(started ? ',' : '{')
    started = true
  }
  for (let index = 0; index < top.members.length;) {
    const member = top.members[index] as Member
    if (!changes.has(member.key)) {
      const end = lastUnchanged(top, changes, index)
      separate()
      parts.push(top.bytes.subarray(member.keyStart, (top.members[end] as Member).valueEnd))
      index = end + 1
      continue
    }
    const value = changes.get(member.key)
    if (value !== undefined && !done.has(member.key)) {
      separate()
      text(`${JSON.stringify(member.key)}:${value}`)
    }
    done.add(member.key)
    index++
  }
  for (const [key, value] of changes) {
    if (value === undefined || done.has(key)) continue
    separate()
    text(`${JSON.stringify(key)}:${value}`)
  }
  text(started ? '}' : '{}')
  return Buffer.concat(parts)
}

/** Runs of untouched members are copied as one slice, commas and white space included. */
function lastUnchanged(top: TopLevel, changes: Changes, start: number): number {
  let end = start
  while (end + 1 < top.members.length && !changes.has((top.members[end + 1] as Member).key)) end++
  return end
}

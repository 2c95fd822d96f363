import type { LogDestination } from '../destination.ts'

/** A destination that keeps every line, parsed and as written. */
export function collectLines(): LogDestination & {
  readonly lines: readonly Record<string, unknown>[]
  readonly text: () => string
} {
  const written: string[] = []
  return {
    write: (line) => written.push(line),
    get lines() {
      return written.map((line) => JSON.parse(line) as Record<string, unknown>)
    },
    text: () => written.join(''),
  }
}

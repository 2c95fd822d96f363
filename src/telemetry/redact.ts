import { errorView } from './error-view.ts'
import { scrub } from './scrub.ts'

const mark = '[redacted]'
const deepest = 6
const mostMembers = 100
const longestString = 2000
const mostNames = 1000

/** Names whose values are secrets or content wherever they stand, case and separators aside. */
const forbidden = new RegExp(
  [
    'authorization|cookie|secret|passw|signature|token$',
    '(?:api|private|master)[-_]?key',
    '^(?:body|content|messages|prompt|headers)$',
  ].join('|'),
  'i',
)

/**
 * Fields as they may be logged: a copy, bounded in depth, breadth and length, in which members with telling names are
 * masked, strings have keys taken out, and errors are reduced to what `errorView` shows. A second line of defence:
 * what must not be logged is not to be passed here.
 */
export type Redact = (fields: Readonly<Record<string, unknown>>) => Record<string, unknown>

/** Remembers which names are telling, up to 1000 of them: almost all lines have the same few. */
export function createRedact(): Redact {
  const judged = new Map<string, boolean>()

  function isForbidden(name: string): boolean {
    const known = judged.get(name)
    if (known !== undefined) return known
    const verdict = forbidden.test(name)
    if (judged.size < mostNames) judged.set(name, verdict)
    return verdict
  }

  function redactMembers(fields: object, depth: number): Record<string, unknown> {
    const shown: Record<string, unknown> = {}
    let count = 0
    for (const name of Object.keys(fields)) {
      if (++count > mostMembers) break
      const value = (fields as Record<string, unknown>)[name]
      shown[name] = mayHide(value) && isForbidden(name) ? mark : redactValue(value, depth)
    }
    return shown
  }

  function redactValue(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return redactString(value)
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof Error) return errorView(value)
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
    if (depth >= deepest) return '[deeper]'
    if (Array.isArray(value))
      return value.slice(0, mostMembers).map((member) => redactValue(member, depth + 1))
    const { toJSON } = value as { toJSON?: unknown }
    if (typeof toJSON === 'function') return redactValue(toJSON.call(value), depth + 1)
    return redactMembers(value, depth + 1)
  }

  return (fields) => redactMembers(fields, 0)
}

/** A number is no secret: a count of tokens is none of them. */
function mayHide(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null)
}

function redactString(text: string): string {
  const shown = scrub(text)
  return shown.length > longestString ? `${shown.slice(0, longestString)}…` : shown
}

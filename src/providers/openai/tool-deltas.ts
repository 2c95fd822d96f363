import { asObject, type JsonObject } from '../shared/json.ts'
import { readFinish } from './finish-reason.ts'

/** One tool call of a stream: whose it is, and whether any of its arguments have come. */
export interface StreamedCall {
  readonly choice: number
  readonly index: number
  empty: boolean
}

export interface ToolFacts {
  /** Calls of the chunk that got arguments by it. */
  readonly fed: readonly StreamedCall[]
  /** The empty call before one that this chunk begins, or null. */
  readonly passed: StreamedCall | null
  /** Empty calls that no arguments can come for any more: their choice has finished with this chunk. */
  readonly ended: readonly StreamedCall[]
  /** The chunk's choices, where calls that begin and end in it have been given their `{}`. */
  readonly rewritten: readonly unknown[] | null
}

/** What the tool calls of a stream have come to. A call of whose arguments nothing came has none: `{}`. */
export class ToolDeltas {
  readonly #calls = new Map<number, StreamedCall[]>()

  read(choices: readonly unknown[]): ToolFacts {
    const fed: StreamedCall[] = []
    const ended: StreamedCall[] = []
    let passed: StreamedCall | null = null
    const shown = choices.map((value) => {
      const choice = asObject(value)
      if (choice === null) return value
      const at = typeof choice['index'] === 'number' ? choice['index'] : 0
      const calls = this.#callsOf(at)
      const known = calls.length
      for (const entry of entriesOf(choice)) {
        const index = typeof entry['index'] === 'number' ? entry['index'] : 0
        let call = calls.find((one) => one.index === index)
        if (call === undefined) {
          const before = calls.at(-1)
          if (before?.empty === true && calls.length === known) passed = before
          call = { choice: at, index, empty: true }
          calls.push(call)
        }
        if (!hasArguments(entry)) continue
        call.empty = false
        fed.push(call)
      }
      if (readFinish(choice['finish_reason']).kind !== 'finished') return value
      ended.push(...calls.slice(0, known).filter(({ empty }) => empty))
      const begun = calls.slice(known).filter(({ empty }) => empty)
      for (const call of begun) call.empty = false
      return begun.length === 0 ? value : withArguments(choice, new Set(begun.map(({ index }) => index)))
    })
    const changed = shown.some((choice, index) => choice !== choices[index])
    return { fed, passed, ended, rewritten: changed ? shown : null }
  }

  /** Empty calls of choices that never finished. */
  rest(): StreamedCall[] {
    return [...this.#calls.values()].flat().filter(({ empty }) => empty)
  }

  #callsOf(choice: number): StreamedCall[] {
    const known = this.#calls.get(choice)
    if (known !== undefined) return known
    const calls: StreamedCall[] = []
    this.#calls.set(choice, calls)
    return calls
  }
}

/** The choice of a chunk that gives a call without arguments its `{}`. */
export function emptyArguments({ choice, index }: StreamedCall): JsonObject {
  const delta = { tool_calls: [{ index, function: { arguments: '{}' } }] }
  return { index: choice, delta, finish_reason: null }
}

/**
 * The same tool call, or a copy with `{}` for arguments that are empty or not there (providers' facts §2.3: a JSON
 * text). Calls that are not functions stay.
 */
export function withWholeArguments(call: unknown): unknown {
  const entry = asObject(call)
  if (entry === null || hasArguments(entry) || !isFunction(entry)) return call
  return { ...entry, function: { ...asObject(entry['function']), arguments: '{}' } }
}

function entriesOf(choice: JsonObject): JsonObject[] {
  const entries = asObject(choice['delta'])?.['tool_calls']
  if (!Array.isArray(entries)) return []
  return entries.flatMap((value) => {
    const entry = asObject(value)
    return entry !== null && isFunction(entry) ? [entry] : []
  })
}

/** A custom tool's input is any text, and may be empty. */
function isFunction(entry: JsonObject): boolean {
  return asObject(entry['function']) !== null
}

function hasArguments(entry: JsonObject): boolean {
  const value = asObject(entry['function'])?.['arguments'] ?? ''
  return typeof value !== 'string' || value.trim() !== ''
}

function withArguments(choice: JsonObject, indexes: ReadonlySet<number>): JsonObject {
  const delta = asObject(choice['delta']) as JsonObject
  const given = new Set<number>()
  const calls = (delta['tool_calls'] as unknown[]).map((entry) => {
    const index = asObject(entry)?.['index'] ?? 0
    if (typeof index !== 'number' || !indexes.has(index) || given.has(index)) return entry
    given.add(index)
    return withWholeArguments(entry)
  })
  return { ...choice, delta: { ...delta, tool_calls: calls } }
}

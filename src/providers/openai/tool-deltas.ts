import { asObject, asText, type JsonObject } from '../shared/json.ts'
import { toolCallId } from '../shared/tool-ids.ts'
import { malformed } from '../shared/upstream-error.ts'
import { readFinish } from './finish-reason.ts'

/** More than clients take in one choice (OpenAI's own SDK: 128). */
const mostCalls = 512

/** One tool call of a stream: whose it is, and whether any of its arguments have come. */
export interface StreamedCall {
  readonly choice: number
  /** As the client sees it. */
  readonly index: number
  /** As the upstream numbers it; null: not at all. */
  readonly given: number | null
  readonly id: string | null
  empty: boolean
  /** Its first entry has been shown. */
  begun: boolean
}

export interface ToolFacts {
  /** Calls of the chunk that got arguments by it. */
  readonly fed: readonly StreamedCall[]
  /** The empty call before one that this chunk begins, or null. */
  readonly passed: StreamedCall | null
  /** Empty calls that no arguments can come for any more: their choice has finished with this chunk. */
  readonly ended: readonly StreamedCall[]
  /** The chunk's choices, where something in their calls must be told otherwise. */
  readonly rewritten: readonly unknown[] | null
}

interface Gathered {
  readonly fed: StreamedCall[]
  readonly ended: StreamedCall[]
  passed: StreamedCall | null
}

/**
 * The tool calls of a stream (providers' facts §2.4, §3.4). A call of whose arguments nothing came has none: `{}`. Each
 * has an index of its own, also with hosts that name none, or the same one again for another call; and an id and a
 * type, which OpenAI's SDK wants, made of `callId` where the host names none. `read` throws GatewayError (reason
 * provider_down) for more calls than any answer has.
 */
export class ToolDeltas {
  readonly #callId: string
  readonly #calls = new Map<number, StreamedCall[]>()
  #made = 0

  constructor({ callId = '' } = {}) {
    this.#callId = callId
  }

  read(choices: readonly unknown[]): ToolFacts {
    const gathered: Gathered = { fed: [], ended: [], passed: null }
    const shown = choices.map((value) => {
      const choice = asObject(value)
      return choice === null ? value : this.#readChoice(choice, gathered)
    })
    const changed = shown.some((choice, index) => choice !== choices[index])
    return { ...gathered, rewritten: changed ? shown : null }
  }

  /** Empty calls of choices that never finished. */
  rest(): StreamedCall[] {
    return [...this.#calls.values()].flat().filter(({ empty }) => empty)
  }

  #readChoice(choice: JsonObject, gathered: Gathered): JsonObject {
    const at = typeof choice['index'] === 'number' ? choice['index'] : 0
    const calls = this.#calls.get(at) ?? []
    const before = calls.at(-1)
    const known = calls.length
    const delta = asObject(choice['delta'])
    const given: readonly unknown[] = Array.isArray(delta?.['tool_calls']) ? delta['tool_calls'] : []
    const entries = given.map((value) => readEntry(value, at, calls))
    if (calls.length > known) this.#calls.set(at, calls)
    for (const { call, entry } of entries) {
      if (call === null || !hasArguments(entry)) continue
      call.empty = false
      gathered.fed.push(call)
    }
    if (before?.empty === true && calls.length > known) gathered.passed = before
    const isFinished = readFinish(choice['finish_reason']).kind === 'finished'
    if (isFinished) gathered.ended.push(...calls.slice(0, known).filter(({ empty }) => empty))
    const shown = entries.map(({ call, entry }, place) => {
      if (call === null) return given[place]
      // Nothing more can come for a call that begins in the chunk that ends the answer.
      const isWhole = !isFinished || !call.empty || calls.indexOf(call) < known
      if (!isWhole) call.empty = false
      const whole = isWhole ? entry : (withWholeArguments(entry) as JsonObject)
      const named = call.begun ? whole : withIdentity(whole, () => toolCallId(this.#callId, this.#made++))
      call.begun = true
      return named['index'] === call.index ? named : { ...named, index: call.index }
    })
    if (shown.every((entry, place) => entry === given[place])) return choice
    return { ...choice, delta: { ...delta, tool_calls: shown } }
  }
}

/** The call that an entry of `tool_calls` is of, begun where it is a new one; null: it is no function's. */
function readEntry(
  value: unknown,
  choice: number,
  calls: StreamedCall[],
): { call: StreamedCall | null; entry: JsonObject } {
  const entry = asObject(value) ?? {}
  const called = asObject(entry['function'])
  // A custom tool's input is any text, and may be empty.
  if (called === null) return { call: null, entry }
  const id = asText(entry['id'])
  const given = typeof entry['index'] === 'number' ? entry['index'] : null
  const known = given === null ? calls.at(-1) : calls.findLast((call) => call.given === given)
  // Some hosts give every fragment an id of its own, but a name only to the first.
  const isOther = asText(called['name']) !== null && id !== null && (known?.id ?? id) !== id
  if (known !== undefined && !isOther) return { call: known, entry }
  if (calls.length >= mostCalls) throw malformed('The provider sent too many tool calls.')
  const isFree = given !== null && calls.every((call) => call.index !== given)
  const index = isFree ? given : Math.max(-1, ...calls.map((call) => call.index)) + 1
  const call = { choice, index, given, id, empty: true, begun: false }
  calls.push(call)
  return { call, entry }
}

/** The choice of a chunk that gives a call without arguments its `{}`. */
export function emptyArguments({ choice, index }: StreamedCall): JsonObject {
  const delta = { tool_calls: [{ index, function: { arguments: '{}' } }] }
  return { index: choice, delta, finish_reason: null }
}

/** The same tool call of a function, or a copy with what it lacks: an id, which `makeId` gives, and its type. */
export function withIdentity(entry: JsonObject, makeId: () => string): JsonObject {
  const id = asText(entry['id'])
  const isTyped = asText(entry['type']) !== null
  return id !== null && isTyped ? entry : { ...entry, id: id ?? makeId(), type: entry['type'] || 'function' }
}

/** The same tool call, or a copy with `{}` for arguments that are empty or not there. Calls of no function stay. */
export function withWholeArguments(call: unknown): unknown {
  const entry = asObject(call)
  const called = asObject(entry?.['function'])
  if (entry === null || called === null || hasArguments(entry)) return call
  return { ...entry, function: { ...called, arguments: '{}' } }
}

function hasArguments(entry: JsonObject): boolean {
  const value = asObject(entry['function'])?.['arguments'] ?? ''
  return typeof value !== 'string' || value.trim() !== ''
}

import type { Usage } from '../../core/usage.ts'
import { asObject, type JsonObject } from '../shared/json.ts'
import { readFinish } from './finish-reason.ts'
import { withPlainContent } from './plain-content.ts'
import { usageOf } from './read-usage.ts'

/** What one chunk of a stream tells, chat or completions alike. */
export interface ChunkFacts {
  /** Its number of choices; null: it has no such member, and is no chunk. */
  readonly choices: number | null
  /** It has choices, and not one with a delta, a text or a finish: Azure's asynchronous filter results. */
  readonly bare: boolean
  /** Content, reasoning, a tool call, a refusal, text or a finish: something the client sees. */
  readonly real: boolean
  /** The choices that it finishes. */
  readonly finished: readonly number[]
  /** A finish that is a failure, as the host calls it. */
  readonly failed: string | null
  readonly usage: Usage | null
  /**
   * The chunk as it must be shown, where that is not as it came: finish reasons in OpenAI's words, content as one text,
   * no usage beside choices.
   */
  readonly rewritten: JsonObject | null
}

/** Reads one chunk. `showUsage`: the client asked for usage, and so reads `usage: null` on every chunk but the last. */
export function readChunk(chunk: JsonObject, showUsage: boolean): ChunkFacts {
  const choices = Array.isArray(chunk['choices']) ? (chunk['choices'] as unknown[]) : null
  const finished: number[] = []
  let failed: string | null = null
  let real = false
  let changed = false
  const shown = choices?.map((item) => {
    const sent = asObject(item)
    if (sent === null) return item
    const choice = withPlainDelta(sent)
    changed ||= choice !== sent
    real ||= isRealChoice(choice)
    const value = choice['finish_reason']
    const finish = readFinish(value)
    if (finish.kind === 'failed') failed = finish.reason
    if (finish.kind === 'finished') {
      real = true
      finished.push(typeof choice['index'] === 'number' ? choice['index'] : 0)
    }
    const reason = finish.kind === 'none' ? null : finish.reason
    if (reason === value || (reason === null && value === undefined)) return choice
    changed = true
    return { ...choice, finish_reason: reason }
  })
  const { usage, ...rest } = chunk
  const hidesUsage = shown !== undefined && shown.length > 0 && usage !== undefined && usage !== null
  return {
    choices: choices === null ? null : choices.length,
    bare: choices !== null && choices.length > 0 && choices.every(isBareChoice),
    real,
    finished,
    failed,
    usage: usageOf(chunk),
    rewritten:
      changed || hidesUsage
        ? {
            ...rest,
            choices: shown,
            ...(showUsage || !hidesUsage ? { usage: hidesUsage ? null : usage } : {}),
          }
        : null,
  }
}

function withPlainDelta(choice: JsonObject): JsonObject {
  const delta = asObject(choice['delta'])
  const plain = delta === null ? null : withPlainContent(delta)
  return plain === delta ? choice : { ...choice, delta: plain }
}

const textFields = ['content', 'reasoning_content', 'reasoning', 'refusal'] as const

function isRealChoice(choice: JsonObject): boolean {
  const delta = asObject(choice['delta'])
  if (isFilled(choice['text'])) return true
  if (delta === null) return false
  return (
    textFields.some((name) => isFilled(delta[name])) ||
    (Array.isArray(delta['tool_calls']) && delta['tool_calls'].length > 0) ||
    Boolean(delta['function_call']) ||
    Boolean(delta['audio'])
  )
}

function isBareChoice(value: unknown): boolean {
  const choice = asObject(value)
  return (
    choice === null || ['delta', 'text', 'finish_reason'].every((name) => (choice[name] ?? null) === null)
  )
}

/** A text with something in it. */
function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

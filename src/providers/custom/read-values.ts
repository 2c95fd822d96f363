import type { FinishReason } from '../../core/openai.ts'
import { noUsage, type Usage } from '../../core/usage.ts'
import { asCount, asObject } from '../shared/json.ts'
import type { AnsweredCall } from '../shared/response.ts'
import { toolCallId } from '../shared/tool-ids.ts'
import { malformed, upstreamError } from '../shared/upstream-error.ts'

export type Values = Readonly<Record<string, unknown>>

/** Throws what an `error` expression found; anything but null, false, 0, "" and [] is an error. */
export function throwFound(value: unknown, { inStream = false } = {}): void {
  if (!isTruthy(value)) return
  throw upstreamError({ status: 502, inStream, reason: 'provider_down', message: wordsOf(value) })
}

/** An error's own words, wherever providers put them; null for none. */
export function wordsOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  const object = asObject(value)
  if (object === null) return value === true || value === undefined ? null : (JSON.stringify(value) ?? null)
  for (const name of ['message', 'error', 'detail', 'error_message']) {
    if (typeof object[name] === 'string') return object[name]
    const within = asObject(object[name])?.['message']
    if (typeof within === 'string') return within
  }
  return JSON.stringify(value)
}

/** JSONata answers a list where it finds several texts: they are one. null: nothing was found. */
export function textIn(value: unknown, name: string): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value.join('')
  throw malformed(`The template's \`${name}\` found something else than a text in the provider's answer.`)
}

/** Calls in OpenAI's form or as `{id?, name, arguments}`, one or several. `arguments` is a text or an object. */
export function toolCallsIn(value: unknown, callId: string): AnsweredCall[] {
  if (value === undefined || value === null) return []
  return (Array.isArray(value) ? value : [value]).map((item: unknown, index) => {
    const call = asObject(item) ?? {}
    const { name, arguments: given } = asObject(call['function']) ?? call
    if (typeof name !== 'string' || name === '') {
      throw malformed("The template's `response.tool_calls` found a call without a name.")
    }
    const id = typeof call['id'] === 'string' && call['id'] !== '' ? call['id'] : toolCallId(callId, index)
    return {
      id,
      name,
      arguments: typeof given === 'string' ? given.trim() || '{}' : JSON.stringify(given ?? {}),
    }
  })
}

const finishReasons: readonly FinishReason[] = ['stop', 'length', 'tool_calls', 'content_filter']

/** OpenAI's word where the template found one, else what the answer itself says. */
export function finishIn(value: unknown, hasToolCalls: boolean): FinishReason {
  return finishReasons.find((reason) => reason === value) ?? (hasToolCalls ? 'tool_calls' : 'stop')
}

/** null: the provider stated neither. */
export function usageIn(values: Values, place: 'response' | 'stream'): Usage | null {
  const input = asCount(values[`${place}.usage.input`])
  const output = asCount(values[`${place}.usage.output`])
  return input === null && output === null ? null : { ...noUsage, input: input ?? 0, output: output ?? 0 }
}

/** As JSONata's `$boolean`, but for objects, which are an error's description. */
export function isTruthy(value: unknown): boolean {
  return Array.isArray(value) ? value.some(isTruthy) : Boolean(value)
}

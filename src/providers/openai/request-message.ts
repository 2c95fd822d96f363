import type { ChatMessage, ToolCall } from '../../core/openai.ts'
import { asObject, asText } from '../shared/json.ts'
import { withWholeArguments } from './tool-deltas.ts'
import { without } from './without.ts'

/** Of an answer, of OpenAI's helpers (`parsed`), and of other providers' answers as this gateway tells them. */
const foreign: ReadonlySet<string> = new Set(['parsed', 'annotations', 'tool_plan', 'thinking_blocks'])

/**
 * A replayed message with only what OpenAI's requests have, for hosts that refuse any other member: OpenAI's SDK
 * leaves the same out when it replays an answer itself (`runTools`). A refusal in words is the message's content there.
 * The same object where nothing has to change.
 */
export function asRequestMessage(message: ChatMessage): ChatMessage {
  const entries = Object.entries(message)
  const kept = entries.filter(([name, value]) => !isForeign(name, value))
  const bare = kept.length === entries.length ? message : (Object.fromEntries(kept) as unknown as ChatMessage)
  if (bare.role !== 'assistant') return bare
  return withPlainCalls(withRefusalAsContent(bare))
}

function isForeign(name: string, value: unknown): boolean {
  if (foreign.has(name)) return true
  if (name === 'tool_calls') return value === null || (Array.isArray(value) && value.length === 0)
  return value === null && name !== 'content'
}

function withRefusalAsContent(message: ChatMessage): ChatMessage {
  if (!Object.hasOwn(message, 'refusal')) return message
  const { refusal, ...rest } = message
  const isSilent = (rest.content ?? '') === '' && rest.tool_calls === undefined
  return isSilent && asText(refusal) !== null ? { ...rest, content: refusal } : rest
}

function withPlainCalls(message: ChatMessage): ChatMessage {
  const { tool_calls: calls } = message
  const plain = calls?.map(plainCall)
  const changed = plain?.some((call, index) => call !== calls?.[index]) ?? false
  return changed && plain !== undefined ? { ...message, tool_calls: plain } : message
}

function plainCall(call: ToolCall): ToolCall {
  const whole = without(withWholeArguments(call) as ToolCall, ['index', 'extra_content'])
  const called = asObject(whole.function)
  if (called === null || !Object.hasOwn(called, 'parsed_arguments')) return whole
  return { ...whole, function: without(whole.function, ['parsed_arguments']) }
}

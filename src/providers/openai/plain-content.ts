import { asObject, asText, type JsonObject } from '../shared/json.ts'
import { without } from './without.ts'

/**
 * A message or a delta as OpenAI's clients read it: content that came in parts (Mistral's reasoning models) is one text,
 * the model's thoughts in it are `reasoning_content`, and an empty list of tool calls (vLLM) is none (providers' facts
 * §2.4, §3.4). The same object where nothing has to change.
 */
export function withPlainContent(holder: JsonObject): JsonObject {
  const { content, tool_calls: calls } = holder
  const called = Array.isArray(calls) && calls.length === 0 ? without(holder, ['tool_calls']) : holder
  if (!Array.isArray(content)) return called
  const parts = content.map(asObject)
  const text = parts.map((part) => textOf(part?.['text'])).join('')
  const thoughts = parts.map((part) => textOf(part?.['thinking'])).join('')
  const known = asText(called['reasoning_content']) ?? asText(called['reasoning'])
  const reasoning = thoughts === '' || known !== null ? {} : { reasoning_content: thoughts }
  return { ...called, content: text === '' ? null : text, ...reasoning }
}

/** A text, or a list of parts with texts of their own, as Mistral writes thoughts. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return ''
  return value.map((part) => textOf(asObject(part)?.['text'])).join('')
}

import { asObject, type JsonObject, parseJson } from './json.ts'

/**
 * A tool call's `arguments`, a JSON text, as the object that providers other than OpenAI take. None (`""`, `null`) is
 * `{}`. What is no object, as a call that was cut off in mid-text, is kept under `value`: OpenAI takes any text in a
 * replayed call, so a conversation must not get stuck on one.
 */
export function parseToolArguments(text: unknown): JsonObject {
  if (typeof text !== 'string') return asObject(text) ?? {}
  if (text.trim() === '') return {}
  const parsed = parseJson(text)
  if (parsed === null) return {}
  return asObject(parsed) ?? { value: parsed === undefined ? text : parsed }
}

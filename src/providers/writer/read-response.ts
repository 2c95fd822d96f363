import type { Call, ReadResponse, UpstreamResponse } from '../../core/provider.ts'
import { readResponse as readOpenAIResponse, unexpected } from '../openai/read-response.ts'
import { asObject, parseJson, parseObject, type JsonObject } from '../shared/json.ts'

/**
 * A whole answer of Writer's: OpenAI's, but tool arguments may be encoded twice or be Python's, and an answer of completions is bare
 * choices (providers' facts §14). Throws GatewayError (reason provider_down) for what is no answer.
 */
export function readResponse(responses: readonly UpstreamResponse[], call: Call): ReadResponse {
  const [response] = responses
  if (response === undefined) throw unexpected('nothing')
  const { body, usage } = readOpenAIResponse(response, call)
  const shown = asObject(body) ?? parseObject(response.body) ?? {}
  if (call.operation === 'completions') return { body: completed(shown, call), usage }
  const choices = listOf(shown['choices'])
  const decoded = choices.map(withPlainArguments)
  const changed = decoded.some((choice, index) => choice !== choices[index])
  return { body: changed ? { ...shown, choices: decoded } : body, usage }
}

/** With the members that OpenAI's clients rely on. */
function completed(body: JsonObject, { id, created, connection }: Call): JsonObject {
  const choices = listOf(body['choices']).map((value, index) => ({
    index,
    logprobs: null,
    finish_reason: 'stop',
    ...asObject(value),
  }))
  return { id, object: 'text_completion', created, model: connection.modelName, ...body, choices }
}

/** The same choice, or a copy with arguments decoded where they are JSON in a JSON string, or a Python dictionary. */
function withPlainArguments(value: unknown): unknown {
  const choice = asObject(value)
  const message = asObject(choice?.['message'])
  const calls = listOf(message?.['tool_calls'])
  const plain = calls.map(withPlainCall)
  if (plain.every((call, index) => call === calls[index])) return value
  return { ...choice, message: { ...message, tool_calls: plain } }
}

function withPlainCall(value: unknown): unknown {
  const call = asObject(value)
  const fields = asObject(call?.['function'])
  const text = fields?.['arguments']
  if (typeof text !== 'string' || parseObject(text) !== null) return value
  // Only what comes to an object is arguments; anything else is left for the client to see as it came.
  const inner = parseString(text) ?? fromPython(text)
  return inner === null ? value : { ...call, function: { ...fields, arguments: inner } }
}

const pythonToken = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|\b(?:True|False|None)\b/g
const pythonWords: Readonly<Record<string, string>> = { True: 'true', False: 'false', None: 'null' }

/** A Python dictionary as Python prints it (`{'city': 'Oslo', 'now': True}`), as JSON; null for anything else. */
function fromPython(text: string): string | null {
  if (!/^\s*\{/.test(text)) return null
  const json = text.replaceAll(pythonToken, (word: string, single?: string, double?: string) => {
    const inner = single ?? double
    return inner === undefined ? (pythonWords[word] as string) : `"${jsonEscapes(inner)}"`
  })
  const object = parseObject(json)
  return object === null ? null : JSON.stringify(object)
}

/** Python's escapes in a text as JSON's. */
function jsonEscapes(text: string): string {
  return text.replaceAll(/\\x([0-9a-f]{2})|\\'|\\.|"/g, (found: string, hex?: string) => {
    if (hex !== undefined) return `\\u00${hex}`
    return found === "\\'" ? "'" : found === '"' ? '\\"' : found
  })
}

function parseString(text: string): string | null {
  const inner = parseJson(text)
  return typeof inner === 'string' && parseObject(inner) !== null ? inner : null
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

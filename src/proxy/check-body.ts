import { GatewayError } from '../core/errors.ts'
import type { ChatRequest, CompletionsRequest, EmbeddingsRequest, Operation } from '../core/openai.ts'
import type { ParsedBody } from './parse-request.ts'

type Body = Record<string, unknown>

const maxNameLength = 512
const roles = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function'])

/** Checks the types of what the gateway reads; every other member is the upstream's to judge. */
export function checkBody(operation: Operation, body: Body, pathModel: string | null): ParsedBody {
  if (pathModel === null || body['model'] !== undefined) checkModel(body['model'])
  checkFlag(body, 'stream')
  checkStreamOptions(body['stream_options'])
  switch (operation) {
    case 'chat':
      checkMessages(body['messages'])
      checkTools(body['tools'])
      checkMetadata(body['metadata'])
      return { operation, body: body as ChatRequest }
    case 'embeddings':
      checkText(body['input'], 'input')
      checkEmbeddings(body)
      return { operation, body: body as EmbeddingsRequest }
    case 'completions':
      checkText(body['prompt'], 'prompt')
      return { operation, body: body as CompletionsRequest }
  }
}

function invalid(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param })
}

function checkModel(value: unknown): void {
  if (value === undefined) throw invalid('model', 'you must provide a model parameter')
  if (typeof value !== 'string' || value.length === 0 || value.length > maxNameLength) {
    throw invalid('model', `\`model\` must be a string of 1 to ${maxNameLength} characters.`)
  }
}

function checkFlag(body: Body, name: string): void {
  const value = body[name]
  if (value !== undefined && value !== null && typeof value !== 'boolean') {
    throw invalid(name, `\`${name}\` must be a boolean.`)
  }
}

function checkStreamOptions(value: unknown): void {
  if (value === undefined || value === null) return
  if (!isObject(value)) throw invalid('stream_options', '`stream_options` must be an object.')
  checkFlag(value, 'include_usage')
}

function checkMessages(value: unknown): void {
  if (!Array.isArray(value) || value.length === 0) {
    throw invalid('messages', '`messages` must be an array of at least one message.')
  }
  for (const [index, message] of value.entries()) {
    const at = `messages[${index}]`
    if (!isObject(message)) throw invalid(at, `\`${at}\` must be an object.`)
    if (typeof message['role'] !== 'string' || !roles.has(message['role'])) {
      throw invalid(`${at}.role`, `\`${at}.role\` must be one of ${[...roles].join(', ')}.`)
    }
    checkContent(message['content'], `${at}.content`)
    checkObjects(message['tool_calls'], `${at}.tool_calls`)
    checkObjects(message['thinking_blocks'], `${at}.thinking_blocks`)
  }
}

function checkContent(value: unknown, at: string): void {
  if (value === undefined || value === null || typeof value === 'string') return
  if (!Array.isArray(value)) throw invalid(at, `\`${at}\` must be a string, an array of parts, or null.`)
  for (const [index, part] of value.entries()) {
    if (!isObject(part) || typeof part['type'] !== 'string') {
      throw invalid(`${at}[${index}]`, `\`${at}[${index}]\` must be an object with a \`type\`.`)
    }
  }
}

function checkTools(value: unknown): void {
  checkObjects(value, 'tools')
}

function checkObjects(value: unknown, at: string): void {
  if (value === undefined || value === null) return
  if (!Array.isArray(value) || !value.every(isObject))
    throw invalid(at, `\`${at}\` must be an array of objects.`)
}

function checkMetadata(value: unknown): void {
  if (value !== undefined && value !== null && !isObject(value)) {
    throw invalid('metadata', '`metadata` must be an object.')
  }
}

/** OpenAI's forms of `input` and `prompt`: a string, strings, tokens, or lists of tokens. */
function checkText(value: unknown, name: string): void {
  if (typeof value === 'string' || (Array.isArray(value) && value.length > 0 && isTextList(value))) return
  throw invalid(
    name,
    `\`${name}\` must be a string, or a non-empty array of strings, of tokens, or of token arrays.`,
  )
}

function isTextList(list: readonly unknown[]): boolean {
  if (typeof list[0] === 'string') return list.every((item) => typeof item === 'string')
  if (typeof list[0] === 'number') return list.every(Number.isInteger)
  return list.every((item) => Array.isArray(item) && item.length > 0 && item.every(Number.isInteger))
}

function checkEmbeddings(body: Body): void {
  const format = body['encoding_format']
  if (format !== undefined && format !== null && format !== 'float' && format !== 'base64') {
    throw invalid('encoding_format', '`encoding_format` must be `float` or `base64`.')
  }
  const dimensions = body['dimensions']
  if (dimensions === undefined || dimensions === null) return
  if (typeof dimensions !== 'number' || !Number.isInteger(dimensions) || dimensions < 1) {
    throw invalid('dimensions', '`dimensions` must be a positive integer.')
  }
}

function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

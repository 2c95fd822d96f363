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
  for (let index = 0; index < value.length; index++) {
    const message: unknown = value[index]
    if (!isObject(message)) throw invalid(place(index), `\`${place(index)}\` must be an object.`)
    const { role, content, tool_calls: calls, thinking_blocks: thoughts } = message
    if (typeof role !== 'string' || !roles.has(role)) {
      const at = place(index, 'role')
      throw invalid(at, `\`${at}\` must be one of ${[...roles].join(', ')}.`)
    }
    // The place of a fault is written down where there is one: a conversation has hundreds of messages.
    if (!isContent(content)) throw badContent(content, place(index, 'content'))
    if (!areObjects(calls)) throw noObjects(place(index, 'tool_calls'))
    if (!areObjects(thoughts)) throw noObjects(place(index, 'thinking_blocks'))
  }
}

function place(index: number, member: string | null = null): string {
  return member === null ? `messages[${index}]` : `messages[${index}].${member}`
}

function isContent(value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'string') return true
  return Array.isArray(value) && value.every(isPart)
}

function isPart(value: unknown): boolean {
  return isObject(value) && typeof value['type'] === 'string'
}

function badContent(value: unknown, at: string): GatewayError {
  if (!Array.isArray(value)) return invalid(at, `\`${at}\` must be a string, an array of parts, or null.`)
  const part = `${at}[${value.findIndex((each) => !isPart(each))}]`
  return invalid(part, `\`${part}\` must be an object with a \`type\`.`)
}

function checkTools(value: unknown): void {
  if (!areObjects(value)) throw noObjects('tools')
}

function areObjects(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.every(isObject))
}

function noObjects(at: string): GatewayError {
  return invalid(at, `\`${at}\` must be an array of objects.`)
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

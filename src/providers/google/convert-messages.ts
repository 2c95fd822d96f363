import type { ChatMessage, ToolCall } from '../../core/openai.ts'
import type { Asset } from '../../core/provider.ts'
import { refuseEmptyTurns } from '../shared/empty-turns.ts'
import { asObject, asText, type JsonObject, parseObject } from '../shared/json.ts'
import { mergeTurns, type Turn, type TurnPiece } from '../shared/merge-turns.ts'
import { invalid } from '../shared/refusals.ts'
import type { PlacedMessage } from '../shared/system-messages.ts'
import { isBlank, partsOf, textOf } from '../shared/text.ts'
import { parseToolArguments } from '../shared/tool-arguments.ts'
import { convertPart, type FileRules } from './convert-media.ts'
import type { GeminiCapabilities } from './models.ts'
import type { Content, FunctionCallPart, FunctionResponsePart, MediaPart, Part, TextPart } from './types.ts'

export interface ConvertMessagesOptions extends FileRules {
  readonly assets: ReadonlyMap<string, Asset>
  readonly capabilities: GeminiCapabilities
}

/**
 * The conversation without its system messages as Google's contents (providers' facts §3.3, §8.2, §8.3): roles
 * alternate, but for what a user says after tool results, which stand alone, in the order of their calls; each result
 * carries its function's name; a turn of calls without a signature gets the stand-in that skips its check.
 * Throws 400 for parts that cannot be read or sent, results of no call, and user turns that are empty.
 */
export function convertMessages(
  messages: readonly PlacedMessage[],
  options: ConvertMessagesOptions,
): Content[] {
  const { placed, names } = orderResults(messages)
  const pieces = placed.map((one) => convertMessage(one, options, names))
  refuseEmptyTurns(placed, pieces, 'Gemini')
  return mergeTurns(pieces).flatMap((turn) => contentsOf(turn, options.capabilities))
}

function contentsOf({ role, blocks }: Turn<Part>, capabilities: GeminiCapabilities): Content[] {
  if (role === 'assistant') return [{ role: 'model', parts: signed(blocks, capabilities.missing_signature) }]
  const results = blocks.filter((part) => 'functionResponse' in part)
  const others = blocks.filter((part) => !('functionResponse' in part))
  // Anything beside the results would break the count of them (providers' facts §8.3).
  return [results, others].filter((parts) => parts.length > 0).map((parts) => ({ role: 'user', parts }))
}

/** The first call of a turn is the one whose signature is checked. */
function signed(parts: Part[], standIn: string): Part[] {
  const first = parts.find((part) => 'functionCall' in part)
  if (standIn === '' || first === undefined || first.thoughtSignature !== undefined) return parts
  return parts.map((part) => (part === first ? { ...first, thoughtSignature: standIn } : part))
}

type Names = ReadonlyMap<ChatMessage, string>

/** Tool messages in the order of the calls they answer, and the function that each of them is of. */
function orderResults(messages: readonly PlacedMessage[]): { placed: PlacedMessage[]; names: Names } {
  const names = new Map<ChatMessage, string>()
  const placed: PlacedMessage[] = []
  let run: { readonly one: PlacedMessage; readonly order: number }[] = []
  let known = new Map<unknown, string>()
  let calls: readonly ToolCall[] = []
  const endRun = () => {
    placed.push(...run.toSorted((one, other) => one.order - other.order).map(({ one }) => one))
    run = []
  }
  for (const one of messages) {
    const { message } = one
    if (message.role === 'tool') {
      const name = known.get(message.tool_call_id) ?? asText(message.name)
      if (name !== null) names.set(message, name)
      const order = calls.findIndex(({ id }) => id === message.tool_call_id)
      run.push({ one, order: order < 0 ? calls.length : order })
      continue
    }
    endRun()
    placed.push(one)
    if (message.role !== 'assistant' || !message.tool_calls) continue
    calls = message.tool_calls
    known = new Map([...known, ...calls.map((call) => [call.id, call.function?.name] as const)])
  }
  endRun()
  return { placed, names }
}

function convertMessage(
  { message, at }: PlacedMessage,
  options: ConvertMessagesOptions,
  names: Names,
): TurnPiece<Part> {
  switch (message.role) {
    case 'assistant':
      return { role: 'assistant', results: [], blocks: assistantParts(message, at, options) }
    case 'tool':
      return toolPiece(message, at, options, names)
    case 'user':
    case 'system':
    case 'developer':
    case 'function':
      return { role: 'user', results: [], blocks: contentParts(message, at, options) }
    default:
      throw invalid(`${at}.role`, `\`${at}.role\` is none of the roles there are.`)
  }
}

function contentParts(
  { content }: ChatMessage,
  at: string,
  options: ConvertMessagesOptions,
): (TextPart | MediaPart)[] {
  return partsOf(content).flatMap((part, index) => {
    const converted = convertPart(part, { ...options, param: `${at}.content[${index}]` })
    return converted === null ? [] : [converted]
  })
}

function assistantParts(message: ChatMessage, at: string, options: ConvertMessagesOptions): Part[] {
  const parts: Part[] = contentParts(message, at, options)
  if (parts.length === 0 && !isBlank(message.refusal)) parts.push({ text: message.refusal as string })
  const calls = (message.tool_calls ?? []).map((call, index) =>
    functionCall(call, `${at}.tool_calls[${index}]`, options.capabilities),
  )
  return [...parts, ...calls]
}

function functionCall(
  call: ToolCall,
  at: string,
  { call_ids: hasIds }: GeminiCapabilities,
): FunctionCallPart {
  const name = call.function?.name
  if (typeof name !== 'string' || name === '') throw invalid(at, `\`${at}.function.name\` must be a string.`)
  const signature = asText(asObject(call.extra_content?.google)?.['thought_signature'])
  return {
    functionCall: {
      ...(hasIds && asText(call.id) !== null ? { id: call.id } : {}),
      name,
      args: parseToolArguments(call.function.arguments),
    },
    ...(signature === null ? {} : { thoughtSignature: signature }),
  }
}

function toolPiece(
  message: ChatMessage,
  at: string,
  options: ConvertMessagesOptions,
  names: Names,
): TurnPiece<Part> {
  const { call_ids: hasIds, media_in_results: takesMedia } = options.capabilities
  const { tool_call_id: id } = message
  const name = names.get(message)
  if (name === undefined) {
    throw invalid(`${at}.tool_call_id`, `\`${at}.tool_call_id\` names no tool call before it.`)
  }
  const media = contentParts(message, at, options).filter((part): part is MediaPart => !('text' in part))
  const result: FunctionResponsePart = {
    functionResponse: {
      ...(hasIds && asText(id) !== null ? { id: id as string } : {}),
      name,
      response: responseOf(textOf(message.content)),
      ...(takesMedia && media.length > 0 ? { parts: media } : {}),
    },
  }
  const label = { text: `Files in the result of ${name}:` }
  return {
    role: 'user',
    results: [result],
    blocks: takesMedia || media.length === 0 ? [] : [label, ...media],
  }
}

/** Google takes an object: JSON objects as they are, any other text as its `output`. */
function responseOf(text: string): JsonObject {
  return parseObject(text) ?? { output: text }
}

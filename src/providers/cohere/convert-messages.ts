import type { ChatMessage, ToolCall } from '../../core/openai.ts'
import type { Asset } from '../../core/provider.ts'
import { asText } from '../shared/json.ts'
import { invalid, unsupported } from '../shared/refusals.ts'
import { liftSystem, type PlacedMessage } from '../shared/system-messages.ts'
import { isBlank, partsOf, textOf } from '../shared/text.ts'
import { parseToolArguments } from '../shared/tool-arguments.ts'
import { type CohereDocument, convertPart, type ImagePart, type TextPart } from './convert-content.ts'

export type CohereMessage =
  | { readonly role: 'system' | 'assistant'; readonly content: string }
  | { readonly role: 'user'; readonly content: string | readonly (TextPart | ImagePart)[] }
  | { readonly role: 'assistant'; readonly tool_calls: readonly ToolCall[]; readonly tool_plan?: string }
  | { readonly role: 'tool'; readonly tool_call_id: string; readonly content: string }

export interface ConvertedMessages {
  readonly messages: readonly CohereMessage[]
  /** Text files of the conversation. */
  readonly documents: readonly CohereDocument[]
}

export interface ConvertMessagesOptions {
  readonly assets: ReadonlyMap<string, Asset>
  /** The model takes images. */
  readonly images: boolean
}

/**
 * The conversation in Cohere's form (providers' facts §10.2): system and developer messages as one, first; an
 * assistant's text beside tool calls as their `tool_plan`, since content is refused there.
 * Throws 400 for parts that cannot be read or honoured, and where a whole user turn is empty.
 */
export function convertMessages(
  messages: readonly ChatMessage[],
  options: ConvertMessagesOptions,
): ConvertedMessages {
  const { system, rest } = liftSystem(messages)
  const documents: CohereDocument[] = []
  const turns = rest.flatMap((placed) => convertMessage(placed, { ...options, documents }))
  const head = system.map(({ text }) => text).join('\n\n')
  return { messages: head === '' ? turns : [{ role: 'system', content: head }, ...turns], documents }
}

type Options = ConvertMessagesOptions & { readonly documents: CohereDocument[] }

function convertMessage(placed: PlacedMessage, options: Options): CohereMessage[] {
  const { message, at } = placed
  switch (message.role) {
    case 'assistant':
      return assistantMessage(placed)
    case 'tool':
      return [toolMessage(placed)]
    case 'user':
    case 'system':
    case 'developer':
    case 'function':
      return [userMessage(placed, options)]
    default:
      throw invalid(`${at}.role`, `\`${at}.role\` is none of the roles there are.`)
  }
}

function userMessage({ message, at }: PlacedMessage, { documents, ...options }: Options): CohereMessage {
  const content: (TextPart | ImagePart)[] = []
  for (const [index, part] of partsOf(message.content).entries()) {
    const converted = convertPart(part, { ...options, param: `${at}.content[${index}]` })
    if (converted?.kind === 'part') content.push(converted.part)
    if (converted?.kind === 'document') documents.push(converted.document)
  }
  const [only] = content
  if (only === undefined) throw invalid(`${at}.content`, `\`${at}.content\` has no text.`)
  return { role: 'user', content: content.length === 1 && only.type === 'text' ? only.text : content }
}

/** Thinking is not replayed: Cohere does not need it. A message without anything else vanishes. */
function assistantMessage({ message, at }: PlacedMessage): CohereMessage[] {
  const text = assistantText(message, at)
  const calls = (message.tool_calls ?? []).map((call, index) => toolCall(call, `${at}.tool_calls[${index}]`))
  if (calls.length === 0) return text === '' ? [] : [{ role: 'assistant', content: text }]
  return [{ role: 'assistant', tool_calls: calls, ...(text === '' ? {} : { tool_plan: text }) }]
}

function assistantText(message: ChatMessage, at: string): string {
  for (const [index, { type }] of partsOf(message.content).entries()) {
    if (type === 'text' || type === 'refusal') continue
    throw unsupported(`${at}.content[${index}]`, 'An assistant message takes text only.')
  }
  const content = textOf(message.content)
  const texts = [message.tool_plan, content, content === '' ? message.refusal : '']
  return texts.filter((text) => !isBlank(text)).join('\n')
}

function toolCall(call: ToolCall, at: string): ToolCall {
  const id = asText(call?.id)
  const name = asText(call?.function?.name)
  if (id === null) throw invalid(`${at}.id`, `\`${at}.id\` must be a string.`)
  if (name === null) throw invalid(`${at}.function.name`, `\`${at}.function.name\` must be a string.`)
  const args = JSON.stringify(parseToolArguments(call.function.arguments))
  return { id, type: 'function', function: { name, arguments: args } }
}

function toolMessage({ message, at }: PlacedMessage): CohereMessage {
  const id = asText(message.tool_call_id)
  if (id === null) throw invalid(`${at}.tool_call_id`, `\`${at}.tool_call_id\` must be a string.`)
  for (const [index, { type }] of partsOf(message.content).entries()) {
    if (type === 'text') continue
    throw unsupported(`${at}.content[${index}]`, 'Cohere takes tool results as text only.')
  }
  return { role: 'tool', tool_call_id: id, content: textOf(message.content) }
}

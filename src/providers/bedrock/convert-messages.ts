import { createHash } from 'node:crypto'
import type { ChatMessage, ContentPart, ThinkingBlock, ToolCall } from '../../core/openai.ts'
import type { Asset } from '../../core/provider.ts'
import { readCacheControl } from '../shared/cache-control.ts'
import { refuseEmptyTurns } from '../shared/empty-turns.ts'
import { asObject, asText } from '../shared/json.ts'
import { mergeTurns, type TurnPiece } from '../shared/merge-turns.ts'
import { invalid, unsupported } from '../shared/refusals.ts'
import type { PlacedMessage } from '../shared/system-messages.ts'
import { isBlank, partsOf, textOf } from '../shared/text.ts'
import { parseToolArguments } from '../shared/tool-arguments.ts'
import { safeToolId } from '../shared/tool-ids.ts'
import { cachePoint, type CacheRules } from './cache-points.ts'
import type { ConverseBlock, ConverseMessage, ResultBlock } from './converse-types.ts'
import { createMediaConverter, type MediaConverter } from './convert-media.ts'

export interface MessageRules extends CacheRules {
  /** The user speaks first; where a conversation begins with the assistant, a turn is put before it. */
  readonly user_first: boolean
  /** `nine`: Mistral's models take tool ids of exactly nine letters and digits. */
  readonly tool_ids: string
}

export interface ReplayRules extends MessageRules {
  /** False for models that know no signed reasoning, and refuse to see any. */
  readonly replays_reasoning: boolean
}

export interface MessageOptions {
  readonly assets: ReadonlyMap<string, Asset>
  readonly rules: ReplayRules
}

/**
 * The conversation as Converse's turns (providers' facts §3.3, §7.5): turns alternate and begin with the user, the
 * results of one turn's tool calls stand together and first, no text is blank, and a message with a document has text
 * beside it. Throws 400 for what Converse cannot hold.
 */
export function convertMessages(
  messages: readonly PlacedMessage[],
  { assets, rules }: MessageOptions,
): ConverseMessage[] {
  const media = createMediaConverter(assets)
  const pieces = messages.map((placed) => convertMessage(placed, media, rules))
  refuseEmptyTurns(messages, pieces, 'Bedrock')
  const turns = mergeTurns(pieces).map(({ role, blocks }): ConverseMessage => {
    return { role, content: role === 'user' ? withTextBesideDocuments(blocks) : blocks }
  })
  const isOpened = turns[0]?.role !== 'assistant' || !rules.user_first
  return trimEnd(isOpened ? turns : [opening, ...turns])
}

/** A conversation that begins with the assistant's greeting: Converse wants the user's turn before it. */
const opening: ConverseMessage = { role: 'user', content: [{ text: '(The conversation begins.)' }] }

function convertMessage(
  { message, at }: PlacedMessage,
  media: MediaConverter,
  rules: ReplayRules,
): TurnPiece<ConverseBlock> {
  const mark = readCacheControl(message)
  const close = (blocks: readonly ConverseBlock[]) =>
    mark === null || blocks.length === 0 || endsWithMark(blocks)
      ? blocks
      : [...blocks, ...cachePoint(mark, rules)]
  switch (message.role) {
    case 'tool':
      return { role: 'user', results: close([toolResult(message, at, media, rules)]), blocks: [] }
    case 'assistant':
      return { role: 'assistant', results: [], blocks: close(assistantBlocks(message, at, rules)) }
    default:
      return { role: 'user', results: [], blocks: close(contentBlocks(message, at, media, rules)) }
  }
}

function endsWithMark(blocks: readonly ConverseBlock[]): boolean {
  const last = blocks.at(-1)
  return last !== undefined && 'cachePoint' in last
}

function contentBlocks(
  message: ChatMessage,
  at: string,
  media: MediaConverter,
  rules: ReplayRules,
): ConverseBlock[] {
  return partsOf(message.content).flatMap((part, index) => {
    const block = convertPart(part, `${at}.content[${index}]`, media)
    if (block === null) return []
    const mark = readCacheControl(part)
    return mark === null ? [block] : [block, ...cachePoint(mark, rules)]
  })
}

/** null: blank text, which Converse refuses and no model needs. */
function convertPart(part: ContentPart, param: string, media: MediaConverter): ResultBlock | null {
  switch (part.type) {
    case 'text':
      return isBlank(part.text) ? null : { text: part.text }
    case 'refusal':
      return isBlank(part.refusal) ? null : { text: part.refusal }
    case 'image_url':
      return media.image(part, param)
    case 'file':
      return media.file(part, param)
    default:
      throw unsupported(param, `Bedrock does not take content of the type \`${(part as ContentPart).type}\`.`)
  }
}

function assistantBlocks(message: ChatMessage, at: string, rules: ReplayRules): ConverseBlock[] {
  const media: MediaConverter = { image: refuseMedia, file: refuseMedia }
  const calls = (message.tool_calls ?? []).map((call, index) =>
    toolUse(call, `${at}.tool_calls[${index}]`, rules),
  )
  const refused =
    isBlank(message.refusal) || textOf(message.content) !== '' ? [] : [{ text: String(message.refusal) }]
  return [
    ...(rules.replays_reasoning && Array.isArray(message.thinking_blocks)
      ? message.thinking_blocks
      : []
    ).flatMap(reasoningBlock),
    ...contentBlocks(message, at, media, rules),
    ...refused,
    ...calls,
  ]
}

function toolUse(call: ToolCall, at: string, rules: ReplayRules): ConverseBlock {
  const called = asObject(call.function)
  const { id } = call
  const name = called?.['name']
  if (typeof id !== 'string' || typeof name !== 'string' || name === '') {
    throw invalid(at, `\`${at}\` must have an \`id\` and a \`function.name\`.`)
  }
  return {
    toolUse: { toolUseId: toolUseId(id, rules), name, input: parseToolArguments(called?.['arguments']) },
  }
}

function refuseMedia(_part: unknown, param: string): never {
  throw unsupported(param, 'Bedrock takes images and files from the user only.')
}

/** Only what the model signed: without its signature the block would be refused (providers' facts §7.5). */
function reasoningBlock(block: ThinkingBlock | null): ConverseBlock[] {
  const data = asText(block?.data)
  const signature = asText(block?.signature)
  if (block?.type === 'redacted_thinking' && data !== null)
    return [{ reasoningContent: { redactedContent: data } }]
  if (block?.type !== 'thinking' || signature === null) return []
  return [{ reasoningContent: { reasoningText: { text: String(block.thinking ?? ''), signature } } }]
}

function toolResult(
  message: ChatMessage,
  at: string,
  media: MediaConverter,
  rules: ReplayRules,
): ConverseBlock {
  if (typeof message.tool_call_id !== 'string' || message.tool_call_id === '') {
    throw invalid(
      `${at}.tool_call_id`,
      `\`${at}.tool_call_id\` must name the call that this message answers.`,
    )
  }
  const content = partsOf(message.content)
    .map((part, index) => convertPart(part, `${at}.content[${index}]`, media))
    .filter((block) => block !== null)
  return {
    toolResult: {
      toolUseId: toolUseId(message.tool_call_id, rules),
      content: content.length === 0 ? [{ text: '(no output)' }] : content,
    },
  }
}

function toolUseId(id: string, { tool_ids: form }: MessageRules): string {
  if (form !== 'nine') return safeToolId(id)
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id
  return createHash('sha256').update(id).digest('hex').slice(0, 9)
}

function withTextBesideDocuments(blocks: readonly ConverseBlock[]): readonly ConverseBlock[] {
  const hasDocument = blocks.some((block) => 'document' in block)
  const hasText = blocks.some((block) => 'text' in block)
  return hasDocument && !hasText ? [...blocks, { text: '(See the document.)' }] : blocks
}

/** The beginning of an answer that the model is to continue may not end in white space. */
function trimEnd(turns: readonly ConverseMessage[]): ConverseMessage[] {
  const last = turns.at(-1)
  if (last?.role !== 'assistant') return [...turns]
  const content = last.content.map((block, index) =>
    index === last.content.length - 1 && 'text' in block ? { text: block.text.trimEnd() } : block,
  )
  return [...turns.slice(0, -1), { role: 'assistant', content }]
}

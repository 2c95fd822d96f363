import type { CacheControl, ChatMessage, ToolCall } from '../../core/openai.ts'
import type { Asset } from '../../core/provider.ts'
import { readCacheControl } from '../shared/cache-control.ts'
import { refuseEmptyTurns } from '../shared/empty-turns.ts'
import { mergeTurns, type Turn, type TurnPiece } from '../shared/merge-turns.ts'
import { invalid } from '../shared/refusals.ts'
import type { PlacedMessage } from '../shared/system-messages.ts'
import { isBlank, partsOf } from '../shared/text.ts'
import { parseToolArguments } from '../shared/tool-arguments.ts'
import { safeToolId } from '../shared/tool-ids.ts'
import { convertPart } from './convert-media.ts'
import type { Block, MediaBlock, ReplayedThinking, TextBlock } from './types.ts'

export interface ConvertMessagesOptions {
  readonly assets: ReadonlyMap<string, Asset>
  readonly remoteUrls: boolean
  /** False for models that know no thinking, and refuse to see any. */
  readonly keepThinking: boolean
}

/**
 * The conversation without its system messages as Anthropic's turns (providers' facts §3.3, §6.3): blank text is
 * left out, roles alternate, tool results come first in their turn, signed thinking first in its message, and the
 * last text of a conversation that ends with the assistant has no trailing white space.
 * Throws 400 for parts that cannot be read or honoured, and where a whole user turn is empty.
 */
export function convertMessages(
  messages: readonly PlacedMessage[],
  options: ConvertMessagesOptions,
): Turn<Block>[] {
  const pieces = messages.map((placed) => convertMessage(placed, options))
  refuseEmptyTurns(messages, pieces, 'Claude')
  const turns = mergeTurns(pieces)
  trimPrefill(turns)
  return turns
}

function convertMessage({ message, at }: PlacedMessage, options: ConvertMessagesOptions): TurnPiece<Block> {
  const mark = readCacheControl(message)
  switch (message.role) {
    case 'assistant':
      return { role: 'assistant', results: [], blocks: marked(assistantBlocks(message, at, options), mark) }
    case 'tool':
      return { role: 'user', results: marked([toolResult(message, at, options)], mark), blocks: [] }
    case 'user':
    case 'system':
    case 'developer':
    case 'function':
      return { role: 'user', results: [], blocks: marked(contentBlocks(message, at, options), mark) }
    default:
      throw invalid(`${at}.role`, `\`${at}.role\` is none of the roles there are.`)
  }
}

function contentBlocks(
  message: ChatMessage,
  at: string,
  { assets, remoteUrls }: ConvertMessagesOptions,
): (TextBlock | MediaBlock)[] {
  return partsOf(message.content).flatMap((part, index) => {
    const block = convertPart(part, { assets, remoteUrls, param: `${at}.content[${index}]` })
    if (block === null) return []
    const mark = readCacheControl(part)
    return [mark === null ? block : { ...block, cache_control: mark }]
  })
}

function assistantBlocks(message: ChatMessage, at: string, options: ConvertMessagesOptions): Block[] {
  const thinking = options.keepThinking ? replayedThinking(message) : []
  const text = contentBlocks(message, at, options)
  if (text.length === 0 && !isBlank(message.refusal)) {
    text.push({ type: 'text', text: message.refusal as string })
  }
  const calls = (message.tool_calls ?? []).map((call, index) => toolUse(call, `${at}.tool_calls[${index}]`))
  return [...thinking, ...text, ...calls]
}

/** Unsigned thinking is refused on replay, so it is left out (providers' facts §6.8). */
function replayedThinking(message: ChatMessage): ReplayedThinking[] {
  const blocks = Array.isArray(message.thinking_blocks) ? message.thinking_blocks : []
  return blocks.flatMap((block): ReplayedThinking[] => {
    const { type, thinking = '', signature, data } = block
    if (type === 'redacted_thinking' && !isBlank(data)) return [{ type, data: data as string }]
    return type === 'thinking' && !isBlank(signature)
      ? [{ type, thinking, signature: signature as string }]
      : []
  })
}

function toolUse(call: ToolCall, at: string): Block {
  const name = call.function?.name
  if (typeof name !== 'string' || name === '') throw invalid(at, `\`${at}.function.name\` must be a string.`)
  if (typeof call.id !== 'string') throw invalid(at, `\`${at}.id\` must be a string.`)
  return {
    type: 'tool_use',
    id: safeToolId(call.id),
    name,
    input: parseToolArguments(call.function.arguments),
  }
}

function toolResult(message: ChatMessage, at: string, options: ConvertMessagesOptions): Block {
  const { tool_call_id: id, content } = message
  if (typeof id !== 'string') throw invalid(`${at}.tool_call_id`, `\`${at}.tool_call_id\` must be a string.`)
  const base = { type: 'tool_result' as const, tool_use_id: safeToolId(id) }
  if (typeof content === 'string') return isBlank(content) ? base : { ...base, content }
  const blocks = contentBlocks(message, at, options)
  const mark = blocks.findLast((block) => block.cache_control !== undefined)?.cache_control
  // A mark belongs on the result: what is inside it is no place for one.
  const bare = blocks.map(({ cache_control: _mark, ...block }) => block)
  const result = bare.length === 0 ? base : { ...base, content: bare }
  return mark === undefined ? result : { ...result, cache_control: mark }
}

/** Puts a message's own mark on its last block that can carry one; thinking cannot. */
function marked(blocks: Block[], mark: CacheControl | null): Block[] {
  const last = blocks.findLastIndex(
    (block) => block.type !== 'thinking' && block.type !== 'redacted_thinking',
  )
  if (mark === null || last < 0) return blocks
  return blocks.map((block, index) => (index === last ? { ...block, cache_control: mark } : block))
}

/** A last assistant turn is the beginning of the answer; it may not end in white space. */
function trimPrefill(turns: readonly Turn<Block>[]): void {
  const turn = turns.at(-1)
  const block = turn?.blocks.at(-1)
  if (turn?.role !== 'assistant' || block?.type !== 'text') return
  turn.blocks[turn.blocks.length - 1] = { ...block, text: block.text.trimEnd() }
}

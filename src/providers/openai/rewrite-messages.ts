import type { ChatMessage, ContentPart } from '../../core/openai.ts'
import type { Asset } from '../../core/provider.ts'
import { asObject } from '../shared/json.ts'
import { readImage } from '../shared/media.ts'
import { unsupported } from '../shared/refusals.ts'
import { textOf } from '../shared/text.ts'
import type { Capabilities } from './capabilities.ts'
import { asRequestMessage } from './request-message.ts'
import { without } from './without.ts'

export interface RewriteOptions {
  readonly capabilities: Capabilities
  readonly assets: ReadonlyMap<string, Asset>
}

/** Whether the conversation goes as it was sent whatever it holds, so that nobody need look at it. */
export function takesAsSent(capabilities: Capabilities): boolean {
  const { system_role: role, reasoning_replay: replay } = capabilities
  return (
    role === 'as_sent' &&
    replay === 'as_sent' &&
    capabilities.cache_control &&
    capabilities.message_name &&
    capabilities.response_members &&
    capabilities.array_content &&
    capabilities.image_urls &&
    capabilities.call_arguments === 'arguments'
  )
}

/**
 * The conversation as this upstream takes it; null where that is as it was sent. Throws 400
 * `unsupported_parameter` for parts that a host of plain text cannot take.
 */
export function rewriteMessages(
  messages: readonly ChatMessage[],
  options: RewriteOptions,
): ChatMessage[] | null {
  const rewritten = messages.map((message, index) => rewriteMessage(message, `messages[${index}]`, options))
  return rewritten.some((message, index) => message !== messages[index]) ? rewritten : null
}

function rewriteMessage(message: ChatMessage, at: string, options: RewriteOptions): ChatMessage {
  const { capabilities } = options
  let result = withRole(message, capabilities)
  result = withReasoning(result, capabilities)
  if (!capabilities.response_members) result = asRequestMessage(result)
  if (!capabilities.cache_control) result = without(result, ['cache_control'])
  if (!capabilities.message_name && message.role !== 'function') result = without(result, ['name'])
  if (capabilities.call_arguments !== 'arguments')
    result = withArgumentsAs(result, capabilities.call_arguments)
  const content = rewriteContent(result.content, at, options)
  return content === result.content ? result : { ...result, content }
}

function withRole(message: ChatMessage, { system_role: role }: Capabilities): ChatMessage {
  const isSystem = message.role === 'system' || message.role === 'developer'
  if (!isSystem || role === 'as_sent' || message.role === role) return message
  return { ...message, role }
}

function withArgumentsAs(message: ChatMessage, name: string): ChatMessage {
  if (message.role !== 'assistant' || !message.tool_calls?.length) return message
  const calls = message.tool_calls.map((call) => {
    if (asObject(call.function) === null) return call
    const { arguments: text, ...called } = call.function
    return { ...call, function: { ...called, [name]: text } as unknown as typeof call.function }
  })
  return { ...message, tool_calls: calls }
}

const reasoningFields = [
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'thinking_blocks',
  'tool_plan',
]

function withReasoning(message: ChatMessage, { reasoning_replay: replay }: Capabilities): ChatMessage {
  if (replay === 'as_sent' || message.role !== 'assistant') return message
  // OpenAI refuses an empty list, which some hosts' answers have.
  const empty = message.tool_calls?.length === 0 ? ['tool_calls'] : []
  const bare = without(message, [...reasoningFields, ...empty])
  const { reasoning_content: content } = message
  const kept = replay === 'reasoning' && bare !== message && typeof content === 'string' && content !== ''
  const result = kept ? ({ ...bare, reasoning: content } as ChatMessage) : bare
  const calls = result.tool_calls?.map((call) => without(call, ['extra_content']))
  const changed = calls?.some((call, index) => call !== result.tool_calls?.[index]) ?? false
  return changed && calls !== undefined ? { ...result, tool_calls: calls } : result
}

function rewriteContent(
  content: ChatMessage['content'],
  at: string,
  options: RewriteOptions,
): ChatMessage['content'] {
  if (!Array.isArray(content)) return content
  const { capabilities } = options
  if (!capabilities.array_content) {
    const place = content.findIndex(({ type }) => type !== 'text' && type !== 'refusal')
    if (place < 0) return textOf(content)
    throw unsupported(`${at}.content[${place}]`, 'This model takes text only.')
  }
  const parts = content.map((part, index) => rewritePart(part, `${at}.content[${index}]`, options))
  return parts.some((part, index) => part !== content[index]) ? parts : content
}

function rewritePart(
  part: ContentPart,
  param: string,
  { capabilities, assets }: RewriteOptions,
): ContentPart {
  const bare = capabilities.cache_control ? part : without(part, ['cache_control', 'prompt_cache_breakpoint'])
  if (capabilities.image_urls || bare.type !== 'image_url') return bare
  const image = readImage(bare, { assets, param })
  if (image.kind === 'url') throw unsupported(param, 'This model takes images as data URLs only.')
  const url = `data:${image.mediaType};base64,${image.base64}`
  const { image_url: given } = bare
  return { ...bare, image_url: typeof given === 'string' ? { url } : { ...given, url } }
}

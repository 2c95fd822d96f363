import type { CacheControl } from '../../core/openai.ts'

/** The Messages API's request, as far as it is written here (providers' facts §6.3). */

interface Markable {
  cache_control?: CacheControl
}
export interface TextBlock extends Markable {
  type: 'text'
  text: string
}
export type MediaBlockSource =
  | { type: 'base64'; media_type: string; data: string }
  | { type: 'text'; media_type: 'text/plain'; data: string }
  | { type: 'url'; url: string }
export interface MediaBlock extends Markable {
  type: 'image' | 'document'
  source: MediaBlockSource
  title?: string
}
export interface ToolUseBlock extends Markable {
  type: 'tool_use'
  id: string
  name: string
  input: Record<string, unknown>
}
export interface ToolResultBlock extends Markable {
  type: 'tool_result'
  tool_use_id: string
  content?: string | (TextBlock | MediaBlock)[]
}
export type ReplayedThinking =
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'redacted_thinking'; data: string }
export type Block = TextBlock | MediaBlock | ToolUseBlock | ToolResultBlock | ReplayedThinking

export interface MessagesTool extends Markable {
  name: string
  description?: string
  input_schema: Record<string, unknown>
  strict?: true
}

export type MessagesToolChoice =
  | { type: 'none' }
  | { type: 'auto' | 'any'; disable_parallel_tool_use?: true }
  | { type: 'tool'; name: string; disable_parallel_tool_use?: true }

export interface MessagesBody {
  model: string
  max_tokens: number
  system?: TextBlock[]
  messages: { role: 'user' | 'assistant'; content: Block[] }[]
  tools?: MessagesTool[]
  tool_choice?: MessagesToolChoice
  thinking?: Record<string, unknown>
  output_config?: { effort?: string; format?: { type: 'json_schema'; schema: Record<string, unknown> } }
  temperature?: number
  top_p?: number
  top_k?: number
  stop_sequences?: string[]
  metadata?: { user_id: string }
  service_tier?: 'auto' | 'standard_only'
  cache_control?: CacheControl
  stream?: true
}

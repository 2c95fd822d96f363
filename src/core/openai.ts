/** OpenAI's wire types, as far as the gateway reads or writes them (providers' facts §2). Unknown members pass. */

export type Operation = 'chat' | 'completions' | 'embeddings'

export interface TextPart {
  type: 'text'
  text: string
  cache_control?: CacheControl
}
export interface ImagePart {
  type: 'image_url'
  image_url: { url: string; detail?: string } | string
  cache_control?: CacheControl
}
export interface AudioPart {
  type: 'input_audio'
  input_audio: { data: string; format: string }
}
export interface FilePart {
  type: 'file'
  file: { file_data?: string; file_id?: string; filename?: string }
  cache_control?: CacheControl
}
export interface RefusalPart {
  type: 'refusal'
  refusal: string
}
export interface CacheControl {
  type: 'ephemeral'
  ttl?: string
}
export type ContentPart = TextPart | ImagePart | AudioPart | FilePart | RefusalPart

export interface ToolCall {
  id: string
  type: 'function'
  function: { name: string; arguments: string }
  /** Vendor data that must come back on replay (Google's thought signature). */
  extra_content?: { google?: { thought_signature?: string } }
}

/** A provider's reasoning block kept so that a replayed turn is accepted (Anthropic's thinking, Bedrock's). */
export interface ThinkingBlock {
  type: 'thinking' | 'redacted_thinking'
  thinking?: string
  signature?: string
  data?: string
}

export interface ChatMessage {
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool' | 'function'
  content?: string | ContentPart[] | null
  name?: string
  tool_calls?: ToolCall[]
  tool_call_id?: string
  refusal?: string | null
  reasoning_content?: string | null
  thinking_blocks?: ThinkingBlock[]
  /** Cohere's words before its tool calls, which have no content beside them. */
  tool_plan?: string | null
  cache_control?: CacheControl
  /** OpenAI's old form of a tool call, without an id. */
  function_call?: LegacyFunctionCall | null
}

export interface LegacyFunctionCall {
  name?: string
  arguments?: string
}

export interface FunctionTool {
  type: 'function'
  function: {
    name: string
    description?: string
    parameters?: Record<string, unknown>
    strict?: boolean | null
  }
  cache_control?: CacheControl
}

export type ToolChoice =
  | 'none'
  | 'auto'
  | 'required'
  | { type: 'function'; function: { name: string } }
  | { type: 'allowed_tools'; allowed_tools: { mode: 'auto' | 'required'; tools: unknown[] } }

export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema'
      json_schema: {
        name: string
        description?: string
        schema?: Record<string, unknown>
        strict?: boolean | null
      }
    }

/** The client's JSON body. Only what the gateway relies on is checked at the door; translators check what they read. */
export interface ChatRequest {
  model: string
  messages: ChatMessage[]
  stream?: boolean | null
  stream_options?: { include_usage?: boolean } | null
  max_tokens?: number | null
  max_completion_tokens?: number | null
  temperature?: number | null
  top_p?: number | null
  top_k?: number | null
  n?: number | null
  stop?: string | string[] | null
  seed?: number | null
  frequency_penalty?: number | null
  presence_penalty?: number | null
  logit_bias?: Record<string, number> | null
  logprobs?: boolean | null
  top_logprobs?: number | null
  tools?: FunctionTool[]
  tool_choice?: ToolChoice
  parallel_tool_calls?: boolean | null
  response_format?: ResponseFormat
  reasoning_effort?: string | null
  service_tier?: string | null
  user?: string
  metadata?: Record<string, string> | null
  [extension: string]: unknown
}

export interface EmbeddingsRequest {
  model: string
  input: string | string[] | number[] | number[][]
  dimensions?: number | null
  encoding_format?: 'float' | 'base64' | null
  user?: string
  [extension: string]: unknown
}

export interface CompletionsRequest {
  model: string
  prompt: string | string[] | number[] | number[][]
  stream?: boolean | null
  stream_options?: { include_usage?: boolean } | null
  [extension: string]: unknown
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

export interface UsageBody {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details?: { cached_tokens: number; cache_write_tokens?: number }
  completion_tokens_details?: { reasoning_tokens: number }
}

export interface ChatDelta {
  role?: 'assistant'
  content?: string | null
  refusal?: string | null
  reasoning_content?: string
  thinking_blocks?: ThinkingBlock[]
  tool_plan?: string
  function_call?: LegacyFunctionCall
  tool_calls?: {
    index: number
    id?: string
    type?: 'function'
    function?: { name?: string; arguments?: string }
    extra_content?: ToolCall['extra_content']
  }[]
}

export interface ChatChunk {
  id: string
  object: 'chat.completion.chunk'
  created: number
  model: string
  choices: { index: number; delta: ChatDelta; finish_reason: FinishReason | null; logprobs?: unknown }[]
  usage?: UsageBody | null
}

export interface ChatCompletion {
  id: string
  object: 'chat.completion'
  created: number
  model: string
  choices: {
    index: number
    message: {
      role: 'assistant'
      content: string | null
      refusal: string | null
      tool_calls?: ToolCall[]
      reasoning_content?: string
      thinking_blocks?: ThinkingBlock[]
      tool_plan?: string
      function_call?: LegacyFunctionCall
    }
    finish_reason: FinishReason
    logprobs: unknown
  }[]
  usage?: UsageBody
}

export interface EmbeddingsResponse {
  object: 'list'
  model: string
  data: { object: 'embedding'; index: number; embedding: number[] | string }[]
  usage: { prompt_tokens: number; total_tokens: number }
}

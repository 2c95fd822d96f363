import type { JsonObject } from '../shared/json.ts'

/** Converse's content blocks, each an object of one member (Bedrock API reference, `ContentBlock`). */
export type ConverseBlock =
  | ResultBlock
  | { readonly cachePoint: CachePoint }
  | { readonly toolUse: { readonly toolUseId: string; readonly name: string; readonly input: JsonObject } }
  | { readonly toolResult: { readonly toolUseId: string; readonly content: readonly ResultBlock[] } }
  | { readonly reasoningContent: ReasoningContent }

/** What a tool result may hold too. */
export type ResultBlock =
  | { readonly text: string }
  | { readonly image: { readonly format: string; readonly source: BytesSource } }
  | { readonly document: { readonly format: string; readonly name: string; readonly source: BytesSource } }

/** In base64, as every blob of AWS's JSON. */
export interface BytesSource {
  readonly bytes: string
}

export interface CachePoint {
  readonly type: 'default'
  readonly ttl?: string
}

export type ReasoningContent =
  | { readonly reasoningText: { readonly text: string; readonly signature: string } }
  | { readonly redactedContent: string }

export type SystemBlock = { readonly text: string } | { readonly cachePoint: CachePoint }

export interface ConverseMessage {
  readonly role: 'user' | 'assistant'
  readonly content: readonly ConverseBlock[]
}

export type ConverseTool = { readonly toolSpec: ToolSpec } | { readonly cachePoint: CachePoint }

export interface ToolSpec {
  readonly name: string
  readonly description?: string
  readonly inputSchema: { readonly json: JsonObject }
  readonly strict?: boolean
}

export type ConverseToolChoice = { readonly any: object } | { readonly tool: { readonly name: string } }

import { scanTopLevel, type TopLevel } from '../../core/json/top-level.ts'
import type { CompletionsRequest, EmbeddingsRequest } from '../../core/openai.ts'
import type { Call, CompletionsCall, EmbeddingsCall } from '../../core/provider.ts'
import { type ChatCallOptions, testConnection } from './chat-call.ts'

type CallOptions = Pick<ChatCallOptions, 'connection' | 'headers'>

export interface EmbeddingsCallOptions extends CallOptions {
  readonly body: Omit<EmbeddingsRequest, 'model'> & { model?: string }
}

/** An embeddings call as the data plane makes it from a client's body. */
export function embeddingsCall({
  body,
  connection = testConnection(),
  headers = {},
}: EmbeddingsCallOptions): EmbeddingsCall {
  const whole = { model: connection.model, ...body } as EmbeddingsRequest
  return {
    ...shared(whole, { ...connection, kind: 'embedding' }, headers),
    operation: 'embeddings',
    id: 'embd-0123456789abcdef0123456789abcdef',
    stream: false,
    includeUsage: false,
    body: whole,
  }
}

export interface CompletionsCallOptions extends CallOptions {
  readonly body: Omit<CompletionsRequest, 'model'> & { model?: string }
}

/** A call of the older completions operation. */
export function completionsCall({
  body,
  connection = testConnection(),
  headers = {},
}: CompletionsCallOptions): CompletionsCall {
  const whole = { model: connection.model, ...body } as CompletionsRequest
  return {
    ...shared(whole, connection, headers),
    operation: 'completions',
    id: 'cmpl-0123456789abcdef0123456789abcdef',
    stream: whole.stream === true,
    includeUsage: whole.stream_options?.include_usage === true,
    body: whole,
  }
}

function shared(body: object, connection: Call['connection'], headers: Call['headers']) {
  return { created: 1_760_000_000, raw: rawOf(JSON.stringify(body)), headers, assets: new Map(), connection }
}

/** A body's bytes with the places of its members. */
export function rawOf(text: string): TopLevel {
  const scan = scanTopLevel(Buffer.from(text), 128)
  if (scan.kind !== 'object') throw new Error('a body is a JSON object')
  return scan.top
}

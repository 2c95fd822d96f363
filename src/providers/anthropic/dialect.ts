import type { Connection } from '../../core/entities.ts'
import type { CapabilityValue } from '../shared/capabilities.ts'
import { baseUrl } from '../shared/json-request.ts'
import type { MessagesBody } from './types.ts'

/** Where the Messages API is spoken, and what is different there; the translation itself is the same everywhere. */
export interface MessagesDialect {
  /** As messages to the client call it. */
  readonly name: string
  /** False: images and documents by URL are fetched by the gateway and sent as bytes. */
  readonly remoteUrls: boolean
  readonly serviceTier: boolean
  /** Takes one `cache_control` for the whole request, beside those on blocks. */
  readonly automaticCaching: boolean
  /** Headers of the client's that go on. */
  readonly clientHeaders: readonly string[]
  /** What no model can do there, over the table. */
  readonly capabilities: Readonly<Record<string, CapabilityValue>>
  /** The last step: where it goes, and the body as this host wants it. */
  finish(input: FinishInput): FinishedRequest
}

export interface FinishInput {
  readonly body: MessagesBody
  readonly connection: Connection
  readonly stream: boolean
}

export interface FinishedRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

export const anthropicUrl = 'https://api.anthropic.com'
/** Accepted for every model; the next version refuses parameters that clients send (providers' facts §6.1). */
export const anthropicVersion = '2023-06-01'

const tracing = ['traceparent', 'tracestate']

export const anthropicDialect: MessagesDialect = {
  name: 'Anthropic',
  remoteUrls: true,
  serviceTier: true,
  automaticCaching: true,
  clientHeaders: ['anthropic-beta', 'idempotency-key', 'x-client-request-id', ...tracing],
  capabilities: {},
  finish: ({ body, connection }) => ({
    url: `${baseUrl(connection.credential, anthropicUrl)}/v1/messages`,
    headers: { 'anthropic-version': anthropicVersion },
    body: { ...body },
  }),
}

export interface VertexDialectOptions {
  /** The model's URL with its method, `…:rawPredict` or `…:streamRawPredict`. */
  readonly url: (connection: Connection, method: 'rawPredict' | 'streamRawPredict') => string
}

/**
 * Claude on Vertex AI (providers' facts §9.4): the model is in the URL and the version in the body; no URL sources,
 * no betas, no fields that only Anthropic's own API knows.
 */
export function createVertexDialect({ url }: VertexDialectOptions): MessagesDialect {
  return {
    name: 'Claude on Vertex AI',
    remoteUrls: false,
    serviceTier: false,
    automaticCaching: false,
    clientHeaders: tracing,
    capabilities: { json_schema: false, strict_tools: false },
    finish: ({ body: { model: _inTheUrl, ...body }, connection, stream }) => ({
      url: url(connection, stream ? 'streamRawPredict' : 'rawPredict'),
      headers: {},
      body: { anthropic_version: 'vertex-2023-10-16', ...body },
    }),
  }
}

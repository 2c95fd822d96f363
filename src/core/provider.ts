import type { RequestBody } from './body.ts'
import type { Connection, Credential, ModelKind, ProviderId } from './entities.ts'
import type { GatewayError } from './errors.ts'
import type { TopLevel } from './json/top-level.ts'
import type { ChatChunk, ChatRequest, CompletionsRequest, EmbeddingsRequest, Operation } from './openai.ts'
import type { Usage } from './usage.ts'

/** The contract of every upstream protocol (design §3). Translators are pure: ids, clock and assets come with the call. */

export interface CredentialField {
  readonly name: string
  readonly secret: boolean
  readonly required: boolean
  readonly description: string
}

/** How a request is authorised, chosen by the provider from the credential; `upstream/signers` carries it out. */
export type SignerName =
  | 'none'
  | 'bearer'
  | 'x-api-key'
  | 'api-key'
  | 'x-goog-api-key'
  | 'entra'
  | 'sigv4'
  | 'google-service-account'
  | 'custom-headers'

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly url: string
  /** Lower-case names. No authorisation: signers add it, last. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: RequestBody | null
  /** Only SigV4 reads it: the region to sign for, where it is not the credential's own. */
  readonly region?: string
}

/** Header names lower-case; a repeated header's values are joined by a comma, as node:http does. */
export type HeaderMap = Readonly<Record<string, string | undefined>>

export interface UpstreamResponse {
  readonly status: number
  readonly headers: HeaderMap
  readonly body: Uint8Array
}

/** An answer that is no success. `body` is bounded; it may be anything, HTML included. */
export interface UpstreamFailure extends UpstreamResponse {
  readonly connection: Connection
  /** Wall clock, ms: for a `retry-after` that is a date, where the answer has no `date` of its own. */
  readonly now?: number
}

export interface AssetRequest {
  readonly url: string
  /** What the provider takes, as media types (`image/png`). */
  readonly mediaTypes: readonly string[]
  readonly maxBytes: number
}

export interface Asset {
  readonly mediaType: string
  readonly bytes: Uint8Array
}

interface CallBase {
  /** `chatcmpl-…`, made once per request: every chunk of one answer carries it. */
  readonly id: string
  /** Unix seconds. */
  readonly created: number
  readonly stream: boolean
  /** The client asked for the usage chunk. */
  readonly includeUsage: boolean
  /** The client's body as it came, with the place of each top-level member: for patching in place. */
  readonly raw: TopLevel
  /** Client headers that may go upstream (allow-listed), lower-case. */
  readonly headers: HeaderMap
  /** By URL: what `assets()` asked for, filled in before `buildRequests`. */
  readonly assets: Map<string, Asset>
  /** The connection this attempt goes to: per-model rules need its model name and overrides. */
  readonly connection: Connection
}
export interface ChatCall extends CallBase {
  readonly operation: 'chat'
  readonly body: ChatRequest
}
export interface EmbeddingsCall extends CallBase {
  readonly operation: 'embeddings'
  readonly body: EmbeddingsRequest
}
export interface CompletionsCall extends CallBase {
  readonly operation: 'completions'
  readonly body: CompletionsRequest
}
export type Call = ChatCall | EmbeddingsCall | CompletionsCall

export interface BuiltRequests {
  /** Several: a fan-out of embeddings, sent with bounded concurrency, answers in the same order. */
  readonly requests: readonly UpstreamRequest[]
  /** Hints that the provider cannot honour, by the client's names; shown in `x-modelgate-dropped-params`. */
  readonly dropped: readonly string[]
}

export interface ReadResponse {
  /** OpenAI's body, or null: the upstream's bytes are OpenAI's already and pass through as they came. */
  readonly body: unknown
  readonly usage: Usage | null
}

/** One decoded event of an upstream stream. `type` is SSE's `event:` or the event stream's `:event-type`; `data` its payload. */
export interface WireEvent {
  readonly type: string
  readonly data: string
  /** AWS event streams: `exception` and `error` frames; every other event is `event`. */
  readonly kind: 'event' | 'exception' | 'error'
}

/** How a stream ended. `error`: it broke off or failed, and must not look like a success. */
export interface StreamEnd {
  /** What is still to be sent (a finish chunk that waited for usage). */
  readonly chunks: readonly ChatChunk[]
  readonly usage: Usage | null
  readonly error: GatewayError | null
}

/** One instance per response, holding that response's state. `push` throws (rejects) with GatewayError for a failure in the stream. */
export interface StreamTranslator {
  /** Chunks in OpenAI's order, without usage members: the proxy adds the usage chunk where it was asked for. */
  push(event: WireEvent): Eventually<ChatChunk[]>
  /** Called once, when the upstream's bytes have ended or `finished` turned true. */
  end(): StreamEnd
  /** True once the protocol's own last event has come: what follows is ignored. */
  readonly finished: boolean
}

export type Framing = 'sse' | 'ndjson' | 'aws-event-stream'

export interface PassthroughQuirks {
  /** Events with neither choices nor usage (Azure's filter results); dropped unless said otherwise. */
  readonly emptyChoices?: 'drop' | 'forward'
}

/** `none`: the upstream cannot stream; a client that asked for a stream gets the whole answer as one. */
export type StreamMode =
  | { readonly kind: 'passthrough'; readonly quirks?: PassthroughQuirks }
  | { readonly kind: 'translate'; readonly framing: Framing; open(call: Call): StreamTranslator }
  | { readonly kind: 'none' }

/** Only `custom` answers with promises: its expressions run off the main thread. */
export type Eventually<T> = T | Promise<T>

export interface Translator {
  /** Throws GatewayError (400) for what cannot be fetched. Absent: nothing is ever fetched. */
  assets?(call: Call): AssetRequest[]
  /** Throws GatewayError `unsupported_parameter` for what changes the answer and cannot be honoured. */
  buildRequests(call: Call): Eventually<BuiltRequests>
  /** Throws GatewayError (reason provider_down) for an answer that is not what the protocol promises. */
  readResponse(responses: readonly UpstreamResponse[], call: Call): Eventually<ReadResponse>
  streaming(connection: Connection): StreamMode
}

export interface ListedModel {
  readonly id: string
  readonly kind: ModelKind | 'unknown'
}

export interface Provider {
  readonly id: ProviderId
  readonly name: string
  /** Where requests go if the credential names no `base_url`; null: it must. Absent: it depends on other fields. */
  readonly baseUrl?: string | null
  /** Set on presets: the provider whose protocol they speak. */
  readonly presetOf?: ProviderId
  /** What a form asks for (design §5): drives validation, the OpenAPI document and the console. */
  readonly fields: readonly CredentialField[]
  readonly operations: Partial<Record<Operation, Translator>>
  /** Which signer, from the credential's fields. */
  signer(credential: Credential): SignerName
  /** Absent: the provider cannot list, and validation answers null. Pages: `next` names the following request. */
  readonly listModels?: {
    /** It lists to anyone, so that a list proves nothing of the credential. */
    isPublic?(credential: Credential): boolean
    /** The provider's name of the right to list, where that is another than the right to use a model. */
    readonly right?: string
    request(credential: Credential): UpstreamRequest
    /** `request` is the one this answers: the next page is asked of the same place. */
    read(
      response: UpstreamResponse,
      request: UpstreamRequest,
    ): { models: ListedModel[]; next: UpstreamRequest | null }
  }
  /** Streaming is a right of its own, so that validation asks both ways. */
  readonly grantsStreamingApart?: boolean
  /** A real, minimal generation or embedding, as the operation and body a client would send. */
  probe(connection: Connection): { operation: Operation; body: Record<string, unknown> }
  /** Classifies what is no success: pure, total, never throws. */
  readError(failure: UpstreamFailure): GatewayError
  /** Rate limits of an answer under OpenAI's names (`x-ratelimit-…`), where the provider has names of its own. */
  readonly rateLimits?: (headers: HeaderMap) => Readonly<Record<string, string>>
  /** Where connections bring a template (`custom`): everything wrong with it. Rejects where it cannot be tried now. */
  checkTemplate?(custom: Readonly<Record<string, unknown>>, kind: ModelKind): Promise<TemplateFault[]>
  /** Ends what the provider runs beside its callers; absent where it runs nothing. */
  close?(): Promise<void>
}

/** A fault of a `custom` template. The message names the place, and holds no secret. */
export interface TemplateFault {
  /** `['response', 'usage', 'input']` */
  readonly path: readonly string[]
  readonly message: string
  /** Characters from the beginning of the expression, where known. */
  readonly position: number | null
}

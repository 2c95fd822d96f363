import type { Connection, Credential } from '../../core/entities.ts'
import { scanTopLevel } from '../../core/json/top-level.ts'
import type { ChatRequest } from '../../core/openai.ts'
import type { Asset, ChatCall, HeaderMap } from '../../core/provider.ts'
import { Secret } from '../../core/secret.ts'

export interface ConnectionOptions {
  readonly provider?: string
  readonly modelName?: string
  readonly settings?: Record<string, string>
  readonly overrides?: Connection['overrides']
}

/** A connection as the registry resolves it, for tests. */
export function testConnection({
  provider = 'test',
  modelName = 'test-model',
  settings = {},
  overrides = {},
}: ConnectionOptions = {}): Connection {
  const credential: Credential = {
    id: 'cred-1',
    name: 'test-credential',
    type: 'API_KEY',
    provider,
    status: 'active',
    settings,
    secrets: { api_key: new Secret('not-a-real-key') },
    version: '1',
    managedBy: 'store',
  }
  return {
    id: 'conn-1',
    name: 'default',
    modelId: 'model-1',
    model: 'public-name',
    kind: 'chat',
    provider,
    credential,
    modelName,
    weight: 1,
    priority: 0,
    enabled: true,
    probe: true,
    region: null,
    overrides,
    custom: null,
    managedBy: 'store',
  }
}

export interface ChatCallOptions {
  readonly body: Omit<ChatRequest, 'model'> & { model?: string }
  readonly connection?: Connection
  readonly headers?: HeaderMap
  readonly assets?: Iterable<readonly [string, Asset]>
}

/** A chat call as the data plane makes it from a client's body. */
export function chatCall({
  body,
  connection = testConnection(),
  headers = {},
  assets = [],
}: ChatCallOptions): ChatCall {
  const whole = { model: connection.model, ...body } as ChatRequest
  const scan = scanTopLevel(Buffer.from(JSON.stringify(whole)), 128)
  if (scan.kind !== 'object') throw new Error('a body is a JSON object')
  return {
    operation: 'chat',
    id: 'chatcmpl-0123456789abcdef0123456789abcdef',
    created: 1_760_000_000,
    stream: whole.stream === true,
    includeUsage: whole.stream_options?.include_usage === true,
    raw: scan.top,
    headers,
    assets: new Map(assets),
    connection,
    body: whole,
  }
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Gateway, startGateway } from './gateway.ts'
import { audience, createIssuer, type TestIssuer } from './tokens.ts'
import { type Script, startUpstream, type Upstream } from './upstream.ts'

/** A started gateway with an issuer it trusts and scripted upstreams behind it: what most tests need. */
export interface Scene {
  readonly gateway: Gateway
  readonly issuer: TestIssuer
  /** By the names given. */
  readonly upstreams: Record<string, Upstream>
  /** A valid token of team `research`. */
  readonly token: string
  /** `fetch` against the gateway, with the token unless another `authorization` is given. */
  request(path: string, init?: RequestInit): Promise<Response>
  chat(body?: Record<string, unknown>, headers?: Record<string, string>): Promise<Response>
  stop(): Promise<void>
}

export interface SceneOptions {
  /** Names of upstreams, each with its first script. */
  readonly upstreams?: Record<string, Script | undefined>
  /** The rest of the configuration, made once the upstreams' addresses are known. */
  readonly config?: (urls: Record<string, string>) => Record<string, unknown>
  readonly env?: Record<string, string>
}

export const userMessage = { role: 'user', content: 'Say hello.' }

export async function createScene({
  upstreams: scripts = { main: undefined },
  config,
  env = {},
}: SceneOptions = {}): Promise<Scene> {
  const dir = await mkdtemp(join(tmpdir(), 'modelgate-scene-'))
  const issuer = await createIssuer()
  await issuer.writeJwks(join(dir, 'jwks.json'))
  const upstreams: Record<string, Upstream> = {}
  for (const [name, script] of Object.entries(scripts)) upstreams[name] = await startUpstream(script)
  const urls = Object.fromEntries(Object.entries(upstreams).map(([name, { url }]) => [name, url]))
  const settings = config?.(urls) ?? { models: [chatModel('gpt', urls)] }
  const gateway = await startGateway({
    env,
    config: {
      ...settings,
      auth: {
        issuers: [{ issuer: issuer.issuer, audience, jwks_file: join(dir, 'jwks.json') }],
        ...(settings['auth'] as object | undefined),
      },
      health: { enabled: false, ...(settings['health'] as object | undefined) },
    },
  })
  const token = await issuer.token()
  const request = (path: string, init: RequestInit = {}) =>
    fetch(gateway.url + path, {
      ...init,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(init.headers as object),
      },
    })
  return {
    gateway,
    issuer,
    upstreams,
    token,
    request,
    chat: (body = {}, headers = {}) =>
      request('/v1/chat/completions', {
        method: 'POST',
        headers,
        body: JSON.stringify({ model: 'gpt', messages: [userMessage], ...body }),
      }),
    stop: async () => {
      await gateway.stop()
      await Promise.all(Object.values(upstreams).map((upstream) => upstream.stop()))
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** A model with one OpenAI-shaped connection to each upstream, in order of priority. */
export function chatModel(
  name: string,
  urls: Record<string, string>,
  extra: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    name,
    connections: Object.entries(urls).map(([connection, url], priority) => ({
      name: connection,
      model_name: 'upstream-model',
      priority,
      credentials: {
        creds_type: 'API_KEY',
        provider: 'openai',
        api_key: `sk-planted-${name}-${connection}`,
        base_url: url,
      },
    })),
    ...extra,
  }
}

export function embeddingModel(name: string, urls: Record<string, string>): Record<string, unknown> {
  return chatModel(name, urls, { is_embedding: true })
}

/** The `data:` payloads of an SSE answer; comments are left out. */
export function dataOf(text: string): string[] {
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('data: '))
    .map((block) => block.slice('data: '.length))
}

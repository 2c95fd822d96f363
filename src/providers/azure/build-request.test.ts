import { describe, expect, it } from 'vitest'
import type { Overrides } from '../../core/entities.ts'
import type { ChatRequest } from '../../core/openai.ts'
import { completionsCall, embeddingsCall } from '../testing/calls.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { sentRequest } from '../testing/sent-request.ts'
import { createAzureOpenAI } from './provider.ts'

const provider = createAzureOpenAI()
const messages = [{ role: 'user' as const, content: 'hi' }]
const endpoint = 'https://res.openai.azure.com'
const usage = { include_usage: true }

interface Setting {
  readonly version?: string
  readonly deployment?: string
  readonly overrides?: Overrides
}

function connectionOf({ version = 'v1', deployment = 'prod-chat', overrides = {} }: Setting) {
  return testConnection({
    provider: 'azure_openai',
    modelName: deployment,
    overrides,
    settings: { azure_endpoint: endpoint, api_version: version },
  })
}

interface Case extends Setting {
  readonly name: string
  readonly body: Partial<ChatRequest>
  /** Members of what is sent; undefined: not there. */
  readonly sent: Record<string, unknown>
  readonly dropped?: readonly string[]
}

const cases: readonly Case[] = [
  {
    name: 'the deployment as the model',
    body: { temperature: 0.2 },
    sent: { model: 'prod-chat', messages, temperature: 0.2 },
  },
  {
    name: 'usage of streams, at v1',
    body: { stream: true },
    sent: { stream: true, stream_options: usage },
  },
  {
    name: 'usage of streams, since September 2024',
    version: '2024-09-01-preview',
    body: { stream: true },
    sent: { stream_options: usage },
  },
  {
    name: 'no stream_options before that',
    version: '2024-08-01-preview',
    body: { stream: true, stream_options: usage },
    sent: { stream: true, stream_options: undefined },
  },
  {
    name: 'no stream_options beside data_sources',
    body: { stream: true, data_sources: [{ type: 'azure_search', parameters: {} }] },
    sent: { stream_options: undefined, data_sources: [{ type: 'azure_search', parameters: {} }] },
  },
  {
    name: 'stream_options of an old version, where the connection says so',
    version: '2024-02-01',
    overrides: { capabilities: { stream_options: true } },
    body: { stream: true },
    sent: { stream_options: usage },
  },
  {
    name: 'max_tokens of a deployment whose name tells nothing, as sent',
    body: { max_tokens: 5 },
    sent: { max_tokens: 5, max_completion_tokens: undefined },
  },
  {
    name: 'a reasoning model by its name',
    deployment: 'gpt-5-mini',
    body: { max_tokens: 5, temperature: 0.5, messages: [{ role: 'system', content: 'x' }] },
    sent: {
      max_completion_tokens: 5,
      max_tokens: undefined,
      temperature: undefined,
      messages: [{ role: 'developer', content: 'x' }],
    },
    dropped: ['temperature'],
  },
  {
    name: 'a reasoning model by what the connection says of it',
    overrides: { capabilities: { reasoning_model: true } },
    body: { max_tokens: 5, top_p: 0.5 },
    sent: { max_completion_tokens: 5, max_tokens: undefined, top_p: undefined },
    dropped: ['top_p'],
  },
  {
    name: 'no reasoning model, whatever the name says',
    deployment: 'o3-lookalike',
    overrides: { capabilities: { reasoning_model: false } },
    body: { max_tokens: 5, temperature: 0 },
    sent: { max_tokens: 5, temperature: 0 },
  },
  {
    name: 'no reasoning replayed, and no marks of other providers',
    body: {
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }] },
        { role: 'assistant', content: 'Hello', reasoning_content: 'Hm.' },
      ],
    },
    sent: {
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'hi' }] },
        { role: 'assistant', content: 'Hello' },
      ],
    },
  },
  {
    name: 'nothing that could send the request elsewhere',
    body: { azure_endpoint: 'https://evil.test', api_key: 'x', deployment_id: 'other' },
    sent: { azure_endpoint: undefined, api_key: undefined, deployment_id: undefined },
    dropped: ['azure_endpoint', 'api_key', 'deployment_id'],
  },
  {
    name: 'what the connection sets and drops',
    overrides: { set: { user: 'gateway' }, drop: ['seed'] },
    body: { seed: 3 },
    sent: { user: 'gateway', seed: undefined },
  },
]

describe('a request', () => {
  it.each([...cases])('has $name', ({ body, sent, dropped = [], ...setting }) => {
    const request = sentRequest(
      provider,
      chatCall({ body: { messages, ...body }, connection: connectionOf(setting) }),
    )
    const told = Object.fromEntries(Object.keys(sent).map((name) => [name, request.body[name]]))
    expect(told).toEqual(sent)
    expect(request.dropped).toEqual(dropped)
  })

  it('goes to its operation’s place, with the connection’s headers', () => {
    const connection = connectionOf({ version: '2024-10-21', overrides: { headers: { 'X-Team': 'a' } } })
    const base = `${endpoint}/openai/deployments/prod-chat`
    const calls = [
      [chatCall({ body: { messages }, connection }), 'chat/completions'],
      [completionsCall({ body: { prompt: 'on' }, connection }), 'completions'],
      [embeddingsCall({ body: { input: [[1, 2]], dimensions: 8 }, connection }), 'embeddings'],
    ] as const
    for (const [call, path] of calls) {
      const { url, headers } = sentRequest(provider, call)
      expect(url).toBe(`${base}/${path}?api-version=2024-10-21`)
      expect(headers).toMatchObject({ 'x-team': 'a', 'content-type': 'application/json' })
      expect(Object.keys(headers)).not.toContain('authorization')
    }
  })

  it.each<[Partial<ChatRequest>, string]>([
    [{ top_logprobs: 2 }, 'top_logprobs'],
    [{ logprobs: true }, 'logprobs'],
  ])('is refused for what a reasoning model cannot honour: %j', (body, param) => {
    const connection = connectionOf({ overrides: { capabilities: { reasoning_model: true } } })
    const call = chatCall({ body: { messages, ...body }, connection })
    expect(() => sentRequest(provider, call)).toThrow(
      expect.objectContaining({ status: 400, code: 'unsupported_parameter', param }),
    )
  })
})

import { describe, expect, it } from 'vitest'
import type { Overrides } from '../../core/entities.ts'
import type { ChatRequest, EmbeddingsRequest } from '../../core/openai.ts'
import type { Call } from '../../core/provider.ts'
import { completionsCall, embeddingsCall } from '../testing/calls.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { sentRequest } from '../testing/sent-request.ts'
import { createHuggingFace } from './provider.ts'

const provider = createHuggingFace()
const messages = [{ role: 'user' as const, content: 'hi' }]
const router = 'https://router.huggingface.co'
const endpoint = 'https://x1.endpoints.test'
const pipeline = (model: string) => `${router}/hf-inference/models/${model}/pipeline/feature-extraction`

interface Setting {
  readonly model?: string
  readonly baseUrl?: string
  readonly overrides?: Overrides
}

function connectionOf({ model = 'org/model:together', baseUrl, overrides = {} }: Setting) {
  const settings: Record<string, string> = baseUrl === undefined ? {} : { base_url: baseUrl }
  return testConnection({ provider: 'huggingface', modelName: model, settings, overrides })
}

const chat = (body: Partial<ChatRequest>, setting: Setting = {}) =>
  chatCall({ body: { messages, ...body }, connection: connectionOf(setting) })
const embed = (body: Partial<EmbeddingsRequest>, setting: Setting = {}) =>
  embeddingsCall({
    body: { input: 'a', ...body },
    connection: connectionOf({ model: 'BAAI/bge-m3', ...setting }),
  })
const complete = (setting: Setting) =>
  completionsCall({ body: { prompt: 'on' }, connection: connectionOf(setting) })

interface Case {
  readonly name: string
  readonly call: Call
  readonly url: string
  /** The whole body but for a chat's messages, where they are as sent. */
  readonly sent: Record<string, unknown>
  readonly dropped?: readonly string[]
}

const chatUrl = `${router}/v1/chat/completions`
const routed = { model: 'org/model:together' }
const bge = pipeline('BAAI/bge-m3')

const cases: readonly Case[] = [
  { name: 'the router, with the host in the model’s name', call: chat({}), url: chatUrl, sent: routed },
  {
    name: 'the router, named without its version',
    call: chat({}, { baseUrl: `${router}/` }),
    url: chatUrl,
    sent: routed,
  },
  {
    name: 'parameters as sent, for the host to judge',
    call: chat({ seed: 1, n: 2, logprobs: true, reasoning_effort: 'low', top_k: 3 }),
    url: chatUrl,
    sent: { ...routed, seed: 1, n: 2, logprobs: true, reasoning_effort: 'low', top_k: 3 },
  },
  {
    name: 'the token limit under the name that TGI knows',
    call: chat({ max_completion_tokens: 9 }),
    url: chatUrl,
    sent: { ...routed, max_tokens: 9 },
  },
  {
    name: 'no developer, and no marks of other providers',
    call: chat({
      messages: [
        {
          role: 'developer',
          content: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
        },
        ...messages,
      ],
    }),
    url: chatUrl,
    sent: {
      ...routed,
      messages: [{ role: 'system', content: [{ type: 'text', text: 'Be brief.' }] }, ...messages],
    },
  },
  {
    name: 'usage of streams',
    call: chat({ stream: true }),
    url: chatUrl,
    sent: { ...routed, stream: true, stream_options: { include_usage: true } },
  },
  {
    name: 'nothing that could send the request elsewhere',
    call: chat({ provider: 'other', api_base: 'https://evil.test' }),
    url: chatUrl,
    sent: routed,
    dropped: ['provider', 'api_base'],
  },
  {
    name: 'a dedicated endpoint, named as the console shows it',
    call: chat({}, { baseUrl: endpoint, model: 'tgi' }),
    url: `${endpoint}/v1/chat/completions`,
    sent: { model: 'tgi' },
  },
  {
    name: 'a dedicated endpoint, with its version',
    call: chat({}, { baseUrl: `${endpoint}/v1/`, model: 'tgi' }),
    url: `${endpoint}/v1/chat/completions`,
    sent: { model: 'tgi' },
  },
  {
    name: 'completions of a dedicated endpoint',
    call: complete({ baseUrl: endpoint, model: 'tgi' }),
    url: `${endpoint}/v1/completions`,
    sent: { model: 'tgi', prompt: 'on' },
  },
  {
    name: 'embeddings of a dedicated endpoint',
    call: embed({ encoding_format: 'base64', dimensions: 8 }, { baseUrl: endpoint }),
    url: `${endpoint}/v1/embeddings`,
    sent: { model: 'BAAI/bge-m3', input: 'a', encoding_format: 'base64', dimensions: 8 },
  },
  {
    name: 'embeddings of the router: always a list',
    call: embed({ encoding_format: 'base64' }),
    url: bge,
    sent: { inputs: ['a'] },
  },
  {
    name: 'the pipeline’s own parameters, and no others',
    call: embed({ input: ['a', 'b'], normalize: true, truncate: false, user: 'u', provider: 'x' }),
    url: bge,
    sent: { inputs: ['a', 'b'], normalize: true, truncate: false },
    dropped: ['user', 'provider'],
  },
  {
    name: 'the host of the pipeline in the model’s name, and what a URL cannot hold',
    call: embed({}, { model: 'org/my model:hf-inference' }),
    url: pipeline('org/my%20model'),
    sent: { inputs: ['a'] },
  },
  {
    name: 'the pipeline behind a proxy',
    call: embed(
      {},
      { baseUrl: 'https://proxy.test/v1', overrides: { capabilities: { feature_extraction: true } } },
    ),
    url: bge.replace(router, 'https://proxy.test'),
    sent: { inputs: ['a'] },
  },
  {
    name: 'what the connection sets in the pipeline’s body',
    call: embed({ normalize: false }, { overrides: { set: { truncate: true }, drop: ['normalize'] } }),
    url: bge,
    sent: { inputs: ['a'], truncate: true },
  },
]

describe('a request', () => {
  it.each([...cases])('has $name', ({ call, url, sent, dropped = [] }) => {
    const request = sentRequest(provider, call)
    expect(request.url).toBe(url)
    expect(request.body).toEqual(call.operation === 'chat' ? { messages, ...sent } : sent)
    expect(request.dropped).toEqual(dropped)
  })

  it('is billed to whom the connection says', () => {
    const overrides = { headers: { 'X-HF-Bill-To': 'acme' } }
    for (const call of [chat({}, { overrides }), embed({}, { overrides })]) {
      expect(sentRequest(provider, call).headers).toMatchObject({
        'x-hf-bill-to': 'acme',
        'content-type': 'application/json',
        'accept-encoding': 'identity',
      })
    }
  })
})

describe('what cannot be honoured', () => {
  it.each<[Call, string]>([
    [embed({ input: [1, 2] }), 'input'],
    [embed({ input: [[1], [2]] }), 'input'],
    [embed({ input: [[1], [2]] }, { baseUrl: endpoint }), 'input'],
    [embed({ dimensions: 8 }), 'dimensions'],
    [embed({}, { model: 'org/model:together' }), 'model'],
  ])('is refused (case %#)', (call, param) => {
    expect(() => sentRequest(provider, call)).toThrow(
      expect.objectContaining({ status: 400, code: 'unsupported_parameter', param }),
    )
  })

  it('is refused: completions of the router', () => {
    expect(() => sentRequest(provider, complete({}))).toThrow(
      expect.objectContaining({ status: 400, code: 'unsupported_operation' }),
    )
  })
})

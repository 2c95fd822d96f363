import { describe, expect, it } from 'vitest'
import type { Overrides } from '../../core/entities.ts'
import type { ChatRequest, CompletionsRequest, EmbeddingsRequest } from '../../core/openai.ts'
import type { Call } from '../../core/provider.ts'
import { completionsCall, embeddingsCall } from '../testing/calls.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { sentRequest } from '../testing/sent-request.ts'
import { createNvidia } from './provider.ts'

const provider = createNvidia()
const messages = [{ role: 'user' as const, content: 'hi' }]

interface Setting {
  readonly model?: string
  readonly overrides?: Overrides
  readonly baseUrl?: string
}

function connectionOf({ model = 'meta/llama-3.3-70b-instruct', overrides = {}, baseUrl }: Setting) {
  return testConnection({
    provider: 'nvidia',
    modelName: model,
    overrides,
    settings: baseUrl === undefined ? {} : { base_url: baseUrl },
  })
}

const chat = (body: Partial<ChatRequest>, setting: Setting = {}) =>
  chatCall({ body: { messages, ...body }, connection: connectionOf(setting) })
const complete = (body: Partial<CompletionsRequest>, setting: Setting = {}) =>
  completionsCall({ body: { prompt: 'on', ...body }, connection: connectionOf(setting) })
const embed = (body: Partial<EmbeddingsRequest>, setting: Setting = {}) =>
  embeddingsCall({
    body: { input: 'a', ...body },
    connection: connectionOf({ model: 'nvidia/nv-embedqa-e5-v5', ...setting }),
  })

interface Case {
  readonly name: string
  readonly call: Call
  /** The whole body but for `messages`, `prompt` and `input`. */
  readonly sent: Record<string, unknown>
  readonly dropped?: readonly string[]
}

const chatModel = { model: 'meta/llama-3.3-70b-instruct' }
const embedder = { model: 'nvidia/nv-embedqa-e5-v5' }
const capable = (capabilities: Overrides['capabilities'] & {}): Setting => ({ overrides: { capabilities } })

const cases: readonly Case[] = [
  {
    name: 'what it knows, as sent',
    call: chat({ temperature: 0.1, top_k: 3, seed: 1, stop: ['x'], logprobs: true, top_logprobs: 2 }),
    sent: { ...chatModel, temperature: 0.1, top_k: 3, seed: 1, stop: ['x'], logprobs: true, top_logprobs: 2 },
  },
  {
    name: 'the token limit under its older name',
    call: chat({ max_completion_tokens: 9 }),
    sent: { ...chatModel, max_tokens: 9 },
  },
  {
    name: 'no hints that it would refuse',
    call: chat({
      user: 'u',
      store: true,
      metadata: { a: 'b' },
      parallel_tool_calls: false,
      verbosity: 'low',
    }),
    sent: chatModel,
    dropped: ['user', 'store', 'metadata', 'parallel_tool_calls', 'verbosity'],
  },
  {
    name: 'no unknown members, and a word only of those that asked for something',
    call: chat({ tool_stream: true, store: false, n: 1, service_tier: null }),
    sent: chatModel,
    dropped: ['tool_stream'],
  },
  {
    name: 'an unknown member that the connection lets through',
    call: chat({ logit_bias: { 5: 1 } }, capable({ logit_bias: true })),
    sent: { ...chatModel, logit_bias: { 5: 1 } },
  },
  {
    name: 'NVIDIA’s own members',
    call: chat({ nvext: { guided_choice: ['a'] }, chat_template_kwargs: { enable_thinking: false } }),
    sent: {
      ...chatModel,
      nvext: { guided_choice: ['a'] },
      chat_template_kwargs: { enable_thinking: false },
    },
  },
  {
    name: 'no effort for models that do not know it',
    call: chat({ reasoning_effort: 'low' }),
    sent: chatModel,
    dropped: ['reasoning_effort'],
  },
  {
    name: 'the effort for those that do',
    call: chat({ reasoning_effort: 'low' }, { model: 'openai/gpt-oss-120b' }),
    sent: { model: 'openai/gpt-oss-120b', reasoning_effort: 'low' },
  },
  {
    name: 'usage of streams',
    call: chat({ stream: true }),
    sent: { ...chatModel, stream: true, stream_options: { include_usage: true } },
  },
  {
    name: 'no stream_options where the connection says so',
    call: chat({ stream: true, stream_options: { include_usage: true } }, capable({ stream_options: false })),
    sent: { ...chatModel, stream: true },
  },
  {
    name: 'completions',
    call: complete({ max_tokens: 3, echo: true, best_of: 1, user: 'u' }),
    sent: { ...chatModel, max_tokens: 3, echo: true },
    dropped: ['user'],
  },
  {
    name: 'an embedding of a query, where nothing else is said',
    call: embed({ encoding_format: 'base64', user: 'u' }),
    sent: { ...embedder, encoding_format: 'base64', input_type: 'query' },
    dropped: ['user'],
  },
  {
    name: 'what the client says a text is for',
    call: embed({ input_type: 'passage', truncate: 'END' }),
    sent: { ...embedder, input_type: 'passage', truncate: 'END' },
  },
  {
    name: 'what the connection says a text is for',
    call: embed({}, capable({ input_type: 'passage' })),
    sent: { ...embedder, input_type: 'passage' },
  },
  {
    name: 'nothing of that where the connection says so',
    call: embed({}, capable({ input_type: 'none' })),
    sent: embedder,
  },
  {
    name: 'nothing of that where the model’s name says it',
    call: embed({}, { model: 'nvidia/nv-embedqa-e5-v5-passage' }),
    sent: { model: 'nvidia/nv-embedqa-e5-v5-passage' },
  },
  {
    name: 'dimensions, to models that may take them',
    call: embed({ dimensions: 384 }, { model: 'nvidia/llama-3.2-nv-embedqa-1b-v2' }),
    sent: { model: 'nvidia/llama-3.2-nv-embedqa-1b-v2', dimensions: 384, input_type: 'query' },
  },
]

describe('a request', () => {
  it.each([...cases])('has $name', ({ call, sent, dropped = [] }) => {
    const request = sentRequest(provider, call)
    const { messages: _messages, prompt: _prompt, input: _input, ...rest } = request.body
    expect(rest).toEqual(sent)
    expect(request.dropped).toEqual(dropped)
  })

  it('has messages as these models know them', () => {
    const { body } = sentRequest(
      provider,
      chat({
        messages: [
          { role: 'developer', content: 'Be brief.' },
          { role: 'assistant', content: 'Yes.', reasoning_content: 'Hm.' },
        ],
      }),
    )
    expect(body['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'assistant', content: 'Yes.' },
    ])
  })

  it('goes to the hosted catalogue or to a host of one’s own', () => {
    expect(sentRequest(provider, chat({})).url).toBe('https://integrate.api.nvidia.com/v1/chat/completions')
    const own = { baseUrl: 'http://nim.test:8000/v1/' }
    expect(sentRequest(provider, chat({}, own)).url).toBe('http://nim.test:8000/v1/chat/completions')
    expect(sentRequest(provider, embed({}, own)).url).toBe('http://nim.test:8000/v1/embeddings')
  })
})

describe('what changes the answer and cannot be honoured', () => {
  it.each<[Call, string]>([
    [chat({ n: 2 }), 'n'],
    [chat({ functions: [{ name: 'now' }] }), 'functions'],
    [chat({ guided_json: { type: 'object' } }), 'guided_json'],
    [chat({ modalities: ['audio'] }), 'modalities'],
    [complete({ best_of: 2 }), 'best_of'],
    [embed({ input: [1, 2] }), 'input'],
    [embed({ input: [[1], [2]] }), 'input'],
    [embed({ dimensions: 256 }), 'dimensions'],
    [chat({ tools: [], tool_choice: 'auto' }, capable({ tool_choice: false })), 'tool_choice'],
  ])('is refused (case %#)', (call, param) => {
    expect(() => sentRequest(provider, call)).toThrow(
      expect.objectContaining({ status: 400, code: 'unsupported_parameter', param }),
    )
  })
})

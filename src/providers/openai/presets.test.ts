import { describe, expect, it } from 'vitest'
import { wholeBody } from '../../core/body.ts'
import type { Connection } from '../../core/entities.ts'
import { GatewayError } from '../../core/errors.ts'
import type { ChatRequest } from '../../core/openai.ts'
import type { Call } from '../../core/provider.ts'
import { createProviders } from '../index.ts'
import { embeddingsCall } from '../testing/calls.ts'
import { chatCall, testConnection, type ConnectionOptions } from '../testing/chat-call.ts'

const providers = createProviders()
const messages = [{ role: 'user' as const, content: 'hi' }]

/** What the upstream is asked, with the body parsed. */
function built(call: Call) {
  const { provider } = call.connection
  const translator = providers.get(provider)?.operations[call.operation]
  if (translator === undefined) throw new Error(`${provider} has no ${call.operation}`)
  const result = translator.buildRequests(call)
  if (result instanceof Promise) throw new Error('no promise was expected')
  const [request] = result.requests
  const body = JSON.parse(Buffer.from(wholeBody(request?.body ?? null)).toString()) as Record<string, unknown>
  return { url: request?.url, headers: request?.headers, body, dropped: result.dropped }
}

function connect(provider: string, options: ConnectionOptions = {}): Connection {
  return testConnection({ provider, modelName: 'their-model', ...options })
}

interface PresetCase {
  readonly id: string
  readonly url: string
  /** What a client sends beside `messages`, and what of it the upstream gets. */
  readonly sent: Partial<ChatRequest>
  readonly asked: Record<string, unknown>
  readonly dropped?: readonly string[]
  /** Refused, with the parameter that the error names. */
  readonly refused: readonly [sent: Partial<ChatRequest>, param: string]
  /** The connection of the refusal. */
  readonly options?: ConnectionOptions
  /** The model of the request. */
  readonly modelName?: string
}

const base = { settings: { base_url: 'https://host.test/v1' } }
const noTools: ConnectionOptions = { overrides: { capabilities: { tools: false } } }
const tools: Partial<ChatRequest> = { tools: [{ type: 'function', function: { name: 'now' } }] }
const developer = { messages: [{ role: 'developer' as const, content: 'Be brief.' }, ...messages] }
const system = { messages: [{ role: 'system', content: 'Be brief.' }, ...messages] }
const jsonSchema: Partial<ChatRequest> = {
  response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
}

const cases: readonly PresetCase[] = [
  {
    id: 'openai',
    url: 'https://api.openai.com/v1/chat/completions',
    sent: { max_tokens: 5, temperature: 0.2, stop: ['x'], seed: 1, logprobs: true },
    asked: { max_tokens: 5, temperature: 0.2, stop: ['x'], seed: 1, logprobs: true },
    refused: [{ stop: ['x'] }, 'stop'],
    options: { modelName: 'o3-mini' },
  },
  {
    id: 'openai_compatible',
    url: 'https://host.test/v1/chat/completions',
    sent: { max_tokens: 5, n: 2, top_k: 4, ...developer },
    asked: { max_tokens: 5, n: 2, top_k: 4, ...developer },
    refused: [tools, 'tools'],
    options: { ...base, ...noTools },
  },
  {
    id: 'deepseek',
    url: 'https://api.deepseek.com/v1/chat/completions',
    sent: { max_completion_tokens: 9, seed: 4, user: 'u', stop: 'x', ...developer },
    asked: { max_tokens: 9, user_id: 'u', stop: 'x', ...system },
    dropped: ['seed'],
    refused: [jsonSchema, 'response_format'],
  },
  {
    id: 'groq',
    url: 'https://api.groq.com/openai/v1/chat/completions',
    sent: {
      max_tokens: 9,
      n: 1,
      temperature: 0,
      presence_penalty: 1,
      frequency_penalty: 0,
      service_tier: 'default',
      messages: [{ role: 'user', name: 'Ann', content: 'hi' }],
    },
    asked: { max_completion_tokens: 9, temperature: 0, messages },
    dropped: ['presence_penalty', 'service_tier'],
    refused: [{ logprobs: true }, 'logprobs'],
  },
  {
    id: 'together',
    url: 'https://api.together.xyz/v1/chat/completions',
    sent: { max_completion_tokens: 9, stop: 'x', logprobs: true, top_logprobs: 3, user: 'u' },
    asked: { max_tokens: 9, stop: ['x'], logprobs: 3 },
    dropped: ['user'],
    refused: [tools, 'tools'],
    options: noTools,
  },
  {
    id: 'fireworks',
    url: 'https://api.fireworks.ai/inference/v1/chat/completions',
    sent: { max_tokens: 9, n: 2 },
    asked: { max_tokens: 9, n: 2, context_length_exceeded_behavior: 'error' },
    refused: [tools, 'tools'],
    options: noTools,
  },
  {
    id: 'sambanova',
    url: 'https://api.sambanova.ai/v1/chat/completions',
    sent: { max_tokens: 9, n: 1, seed: 3, logit_bias: { 4: 1 }, parallel_tool_calls: true },
    asked: { max_tokens: 9 },
    dropped: ['seed', 'logit_bias'],
    refused: [{ n: 2 }, 'n'],
  },
  {
    id: 'cerebras',
    url: 'https://api.cerebras.ai/v1/chat/completions',
    sent: {
      max_tokens: 9,
      presence_penalty: 1,
      messages: [...messages, { role: 'assistant', content: 'a', reasoning_content: 'r' }, ...messages],
    },
    asked: {
      max_completion_tokens: 9,
      messages: [...messages, { role: 'assistant', content: 'a', reasoning: 'r' }, ...messages],
    },
    dropped: ['presence_penalty'],
    refused: [{ n: 2 }, 'n'],
  },
  {
    id: 'mistral',
    url: 'https://api.mistral.ai/v1/chat/completions',
    sent: { max_completion_tokens: 9, seed: 4, store: true, user: 'u', stream: true },
    asked: { max_tokens: 9, random_seed: 4, stream: true },
    dropped: ['user', 'store'],
    refused: [{ logprobs: true }, 'logprobs'],
  },
  {
    id: 'openrouter',
    url: 'https://openrouter.ai/api/v1/chat/completions',
    sent: {
      models: ['a/b'],
      route: 'fallback',
      Provider: { only: ['x'] },
      plugins: [{ id: 'web' }],
      transforms: ['a'],
    },
    asked: { transforms: ['a'] },
    dropped: ['models', 'route', 'Provider', 'plugins'],
    refused: [tools, 'tools'],
    options: noTools,
  },
  {
    id: 'xai',
    url: 'https://api.x.ai/v1/chat/completions',
    sent: { presence_penalty: 1, frequency_penalty: 0, max_tokens: 3 },
    asked: { max_tokens: 3 },
    dropped: ['presence_penalty'],
    refused: [{ stop: 'x' }, 'stop'],
    options: { modelName: 'grok-4.5' },
    modelName: 'grok-4-fast-non-reasoning',
  },
  {
    id: 'perplexity',
    url: 'https://api.perplexity.ai/chat/completions',
    sent: { max_completion_tokens: 3, seed: 2, stream: true },
    asked: { max_tokens: 3, stream: true },
    dropped: ['seed'],
    refused: [tools, 'tools'],
  },
  {
    id: 'vllm',
    url: 'http://localhost:8000/v1/chat/completions',
    sent: {
      chat_template_kwargs: { thinking: true },
      kv_transfer_params: { remote_host: 'h' },
      ...developer,
    },
    asked: { chat_template_kwargs: { thinking: true }, ...system },
    dropped: ['kv_transfer_params'],
    refused: [tools, 'tools'],
    options: noTools,
  },
  {
    id: 'ollama',
    url: 'http://localhost:11434/v1/chat/completions',
    sent: { max_completion_tokens: 3, user: 'u' },
    asked: { max_tokens: 3 },
    dropped: ['user'],
    refused: [{ n: 2 }, 'n'],
  },
  {
    id: 'litellm',
    url: 'http://localhost:4000/v1/chat/completions',
    sent: {
      api_base: 'http://evil.test',
      litellm_credential_name: 'x',
      Mock_Response: 'y',
      user_config: {},
      max_tokens: 1,
    },
    asked: { max_tokens: 1 },
    dropped: ['api_base', 'litellm_credential_name', 'Mock_Response'],
    refused: [tools, 'tools'],
    options: noTools,
  },
  {
    id: 'lmstudio',
    url: 'http://localhost:1234/v1/chat/completions',
    sent: { max_completion_tokens: 3, ...developer },
    asked: { max_tokens: 3, ...system },
    refused: [tools, 'tools'],
    options: noTools,
  },
  {
    id: 'llamacpp',
    url: 'http://localhost:8080/v1/chat/completions',
    sent: { max_completion_tokens: 3, ...developer },
    asked: { max_tokens: 3, ...system },
    refused: [tools, 'tools'],
    options: noTools,
  },
  {
    id: 'echo',
    url: 'internal://echo/v1/chat/completions',
    sent: { max_tokens: 3, anything: [1] },
    asked: { max_tokens: 3, anything: [1] },
    refused: [tools, 'tools'],
    options: noTools,
  },
]

it('has a case for each preset', () => {
  const presets = [...providers.values()].filter(
    ({ id, presetOf }) => id.startsWith('openai') || presetOf === 'openai',
  )
  expect(cases.map(({ id }) => id)).toEqual(presets.map(({ id }) => id))
})

describe.each([...cases])('$id', ({ id, url, sent, asked, dropped = [], refused, options, modelName }) => {
  const connection = connect(id, { modelName: modelName ?? 'their-model', settings: options?.settings ?? {} })

  it('gets the request in its own form', () => {
    const result = built(chatCall({ body: { messages, ...sent }, connection }))
    expect(result.url).toBe(url)
    expect(result.body).toEqual({ model: connection.modelName, messages, ...asked })
    expect(result.dropped.toSorted()).toEqual([...dropped].toSorted())
  })

  it('is not asked for what it cannot do', () => {
    const [body, param] = refused
    const call = chatCall({ body: { messages, ...body }, connection: connect(id, options) })
    const attempt = () => built(call)
    expect(attempt).toThrow(GatewayError)
    expect(attempt).toThrow(
      expect.objectContaining({ status: 400, code: 'unsupported_parameter', param, reason: null }),
    )
  })

  it('never gets a field that sends it elsewhere', () => {
    const away = {
      api_key: 'k',
      BASE_URL: 'u',
      fallbacks: ['m'],
      custom_llm_provider: 'p',
      api_version: 'v',
      model_list: [1],
    }
    const { body } = built(chatCall({ body: { messages, ...away }, connection }))
    for (const name of Object.keys(away)) expect(body).not.toHaveProperty(name)
  })
})

describe('base_url', () => {
  const at = (provider: string, base_url: string) =>
    built(
      chatCall({
        body: { messages, max_completion_tokens: 4, seed: 3 },
        connection: connect(provider, { settings: { base_url } }),
      }),
    )

  it('is taken as given, a trailing slash tolerated and a query kept', () => {
    expect(at('openai', 'https://host.test/v1/').url).toBe('https://host.test/v1/chat/completions')
    expect(at('openai', 'https://host.test').url).toBe('https://host.test/chat/completions')
    expect(at('openai', 'https://host.test/x/v2//?a=b').url).toBe(
      'https://host.test/x/v2/chat/completions?a=b',
    )
  })

  it("takes a preset's quirks where its host is that preset's", () => {
    for (const provider of ['openai', 'openai_compatible']) {
      expect(at(provider, 'https://api.deepseek.com').body).toMatchObject({ max_tokens: 4 })
      expect(at(provider, 'https://api.deepseek.com').dropped).toEqual(['seed'])
      expect(at(provider, 'https://api.together.ai/v1').body).toMatchObject({ max_tokens: 4 })
    }
    expect(at('openai', 'http://127.0.0.1:11434/v1').body).toMatchObject({ max_tokens: 4 })
  })

  it("keeps a preset's own quirks at another host, and assumes nothing of an unknown one", () => {
    expect(at('deepseek', 'https://proxy.test/v1').body).toMatchObject({ max_tokens: 4 })
    expect(at('openai', 'https://host.test/v1').body).toMatchObject({ max_completion_tokens: 4, seed: 3 })
  })
})

describe('embeddings', () => {
  const embed = (provider: string, body: Parameters<typeof embeddingsCall>[0]['body']) =>
    built(embeddingsCall({ body, connection: connect(provider) }))

  it('are asked in the form each host knows', () => {
    const body = { input: 'a', encoding_format: 'base64' as const, dimensions: 8 }
    expect(embed('openai', body)).toMatchObject({
      url: 'https://api.openai.com/v1/embeddings',
      body: { ...body, model: 'their-model' },
    })
    expect(embed('fireworks', body).body).toEqual({ ...body, model: 'their-model' })
    expect(embed('mistral', body).body).toEqual({ model: 'their-model', input: 'a', output_dimension: 8 })
  })

  it('are never asked for as a stream', () => {
    const asked = embed('openai', { input: 'a', stream: true, stream_options: { include_usage: true } })
    expect(asked.body).toEqual({ model: 'their-model', input: 'a' })
    expect(asked.dropped).toEqual(['stream', 'stream_options'])
    expect(embed('openai', { input: 'a', stream: false }).dropped).toEqual([])
  })

  it('of token ids are refused where a host cannot read them', () => {
    expect(embed('openai', { input: [1, 2] }).body['input']).toEqual([1, 2])
    expect(() => embed('ollama', { input: [[1], [2]] })).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', param: 'input' }),
    )
  })
})

import { describe, expect, it } from 'vitest'
import { wholeBody } from '../../core/body.ts'
import type { Overrides } from '../../core/entities.ts'
import type { ChatMessage, ChatRequest } from '../../core/openai.ts'
import type { Asset, Call } from '../../core/provider.ts'
import { createProviders } from '../index.ts'
import { completionsCall, embeddingsCall, rawOf } from '../testing/calls.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'

const providers = createProviders()
const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }]
const address = { base_url: 'https://host.test/v1' }

interface Setting {
  readonly provider?: string
  readonly modelName?: string
  readonly overrides?: Overrides
}

function connectionFor({ provider = 'openai_compatible', modelName = 'm', overrides = {} }: Setting) {
  return testConnection({
    provider,
    modelName,
    overrides,
    settings: provider === 'openai_compatible' ? address : {},
  })
}

function send(call: Call) {
  const translator = providers.get(call.connection.provider)?.operations[call.operation]
  const result = translator?.buildRequests(call)
  if (result === undefined || result instanceof Promise) throw new Error('a request was expected')
  const [request] = result.requests
  const text = Buffer.from(wholeBody(request?.body ?? null)).toString()
  return {
    text,
    body: JSON.parse(text) as Record<string, unknown>,
    headers: request?.headers,
    dropped: result.dropped,
  }
}

function chat(body: Partial<ChatRequest>, setting: Setting = {}, assets: [string, Asset][] = []) {
  return send(chatCall({ body: { messages, ...body }, connection: connectionFor(setting), assets }))
}

const refusal = (param: string) =>
  expect.objectContaining({ status: 400, code: 'unsupported_parameter', param }) as Error

describe('the body', () => {
  it("is the client's own bytes but for the members that change", () => {
    const rest = '"messages": [ {"role":"user","content":"\\u0068i"} ],"big":12345678901234567890'
    const text = `{"model":"public-name",${rest}}`
    const call = {
      ...chatCall({ body: JSON.parse(text) as ChatRequest, connection: connectionFor({}) }),
      raw: rawOf(text),
    }
    expect(send(call).text).toBe(`{"model":"m",${rest}}`)
  })

  it('asks for usage in every stream, whatever the client said of it', () => {
    for (const stream_options of [undefined, null, {}, { include_usage: false }]) {
      const { body } = chat({ stream: true, ...(stream_options === undefined ? {} : { stream_options }) })
      expect(body['stream_options']).toEqual({ include_usage: true })
    }
    const kept = { include_usage: true, include_obfuscation: false }
    expect(chat({ stream: true, stream_options: kept }).body['stream_options']).toEqual(kept)
    expect(chat({}).body).not.toHaveProperty('stream_options')
    const never = { overrides: { capabilities: { stream_options: false } } }
    expect(chat({ stream: true, stream_options: kept }, never).body).not.toHaveProperty('stream_options')
  })

  it('has what the gateway added to it', () => {
    const call = embeddingsCall({ body: { input: 'a' }, connection: connectionFor({}) })
    expect(send({ ...call, body: { ...call.body, dimensions: 256 } }).body['dimensions']).toBe(256)
  })

  it("ends with the connection's own words", () => {
    const overrides = {
      set: { top_k: 3, provider: { only: ['x'] } },
      drop: ['seed'],
      headers: { 'X-Title': 'gateway' },
    }
    const { body, headers, dropped } = chat({ seed: 1, top_k: 9, provider: 'evil' }, { overrides })
    expect(body).toEqual({ model: 'm', messages, top_k: 3, provider: { only: ['x'] } })
    expect(headers?.['x-title']).toBe('gateway')
    expect(dropped).toEqual(['provider'])
  })

  it('of completions keeps its own token limit', () => {
    const connection = connectionFor({ provider: 'cerebras' })
    expect(send(completionsCall({ body: { prompt: 'on', max_tokens: 4 }, connection })).body).toEqual({
      model: 'm',
      prompt: 'on',
      max_tokens: 4,
    })
  })

  it('names no dropped field that could break a header', () => {
    expect(chat({ 'litellm_\r\nx: y': 1, ['api_' + 'a'.repeat(99)]: 1 }).dropped).toEqual([])
  })
})

describe('headers', () => {
  it('say what the body is, whatever the client sent', () => {
    const call = chatCall({
      body: { messages, stream: true },
      connection: connectionFor({}),
      headers: { 'openai-beta': 'x', 'content-type': 'text/plain', 'anthropic-beta': 'y' },
    })
    expect(send(call).headers).toEqual({
      'openai-beta': 'x',
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'accept-encoding': 'identity',
    })
  })
})

describe("OpenAI's reasoning models", () => {
  const system: ChatMessage[] = [{ role: 'system', content: 'Be brief.' }, ...messages]

  it.each([
    'o1',
    'o3-mini-2025-01-31',
    'o4-mini',
    'gpt-5',
    'gpt-5-mini',
    'gpt-6-turbo',
    'ft:o4-mini-2025:acme::x',
  ])('take the newer limit, a developer and no sampling: %s', (modelName) => {
    const { body, dropped } = chat(
      { messages: system, max_tokens: 5, temperature: 0, top_p: 1 },
      { modelName },
    )
    expect(body).toEqual({
      model: modelName,
      messages: [{ role: 'developer', content: 'Be brief.' }, ...messages],
      max_completion_tokens: 5,
    })
    expect(dropped).toEqual(['temperature', 'top_p'])
  })

  it.each([
    'gpt-4o',
    'gpt-4.1',
    'gpt-5-chat-latest',
    'gpt-3.5-turbo',
    'gpt-35-turbo',
    'gpt-4o',
    'omni',
    'chatgpt-4o-latest',
  ])('are not these: %s', (modelName) => {
    const sent = { messages: system, max_tokens: 5, temperature: 0.5, stop: 'x', logprobs: true }
    expect(chat(sent, { modelName }).body).toEqual({ model: modelName, ...sent })
  })

  it('take sampling again without reasoning, from 5.1 on and never from 6 on', () => {
    const sent = { temperature: 0.5, reasoning_effort: 'none' }
    expect(chat(sent, { modelName: 'gpt-5.1' }).body).toMatchObject(sent)
    for (const modelName of ['gpt-5', 'gpt-6'])
      expect(chat(sent, { modelName }).body).not.toHaveProperty('temperature')
  })

  it('refuse what changes the answer', () => {
    expect(() => chat({ stop: ['x'] }, { modelName: 'o3' })).toThrow(refusal('stop'))
    expect(() => chat({ logprobs: true }, { modelName: 'gpt-5' })).toThrow(refusal('logprobs'))
    expect(chat({ stop: null, logprobs: false }, { modelName: 'gpt-5' }).body).not.toHaveProperty('stop')
  })

  it('are told by the connection where the name does not', () => {
    const says = (reasoning_model: boolean) => ({ overrides: { capabilities: { reasoning_model } } })
    const sent = { max_tokens: 5, temperature: 0.5 }
    expect(chat(sent, { modelName: 'my-deployment', ...says(true) }).body).toEqual({
      model: 'my-deployment',
      messages,
      max_completion_tokens: 5,
    })
    expect(chat(sent, { modelName: 'o3', ...says(false) }).body).toMatchObject(sent)
  })
})

describe('switches', () => {
  const withSwitch = (capabilities: NonNullable<Overrides['capabilities']>): Setting => ({
    overrides: { capabilities },
  })

  it('let a parameter through that a preset holds back, or refuse one', () => {
    const groq = { provider: 'groq', modelName: 'm' }
    expect(() => chat({ n: 2 }, groq)).toThrow(refusal('n'))
    expect(
      chat({ n: 2, logit_bias: { 1: 1 } }, { ...groq, ...withSwitch({ n: true, logit_bias: true }) }).body,
    ).toEqual({
      model: 'm',
      messages,
      n: 2,
      logit_bias: { 1: 1 },
    })
    expect(() => chat({ seed: 1 }, withSwitch({ seed: false }))).toThrow(refusal('seed'))
  })

  it('of another type than the switch are passed over', () => {
    expect(chat({ stop: 'x' }, withSwitch({ stop_list: 'yes', max_tokens_field: 7 })).body['stop']).toBe('x')
  })

  it('leave one token limit, the newer where both were sent', () => {
    const both = { max_tokens: 5, max_completion_tokens: 7 }
    const limits = (field: string) => chat(both, withSwitch({ max_tokens_field: field })).body
    expect(limits('max_tokens')).toEqual({ model: 'm', messages, max_tokens: 7 })
    expect(limits('max_completion_tokens')).toEqual({ model: 'm', messages, max_completion_tokens: 7 })
    expect(limits('as_sent')).toEqual({ model: 'm', messages, ...both })
  })

  it('take names off messages, but not off functions, which are nothing without', () => {
    const named: ChatMessage[] = [
      { role: 'user', name: 'Ann', content: 'hi' },
      { role: 'function', name: 'now', content: '12:00' },
    ]
    const { body } = chat({ messages: named }, withSwitch({ message_name: false }))
    expect(body['messages']).toEqual([{ role: 'user', content: 'hi' }, named[1]])
  })

  it('flatten texts, and refuse what is none', () => {
    const parts = (...content: ChatMessage['content'] & object) => ({
      messages: [{ role: 'user' as const, content }],
    })
    const texts = parts({ type: 'text', text: 'a' }, { type: 'text', text: 'b' })
    expect(chat(texts, withSwitch({ array_content: false })).body['messages']).toEqual([
      { role: 'user', content: 'a\nb' },
    ])
    const image = parts({ type: 'image_url', image_url: { url: 'https://x.test/a.png' } })
    expect(() => chat(image, withSwitch({ array_content: false }))).toThrow(refusal('messages[0].content[0]'))
  })

  it('put fetched images in place of their URLs', () => {
    const url = 'https://x.test/a.png'
    const content: ChatMessage['content'] = [{ type: 'image_url', image_url: { url, detail: 'low' } }]
    const call = chatCall({
      body: { messages: [{ role: 'user', content }] },
      connection: connectionFor({ provider: 'ollama' }),
    })
    const assets = providers.get('ollama')?.operations.chat?.assets?.(call)
    expect(assets).toMatchObject([{ url }])
    expect(() => send(call)).toThrow(refusal('messages[0].content[0]'))
    call.assets.set(url, { mediaType: 'image/png', bytes: Buffer.from('png') })
    expect(send(call).body['messages']).toEqual([
      {
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,cG5n', detail: 'low' } }],
      },
    ])
    expect(providers.get('openai')?.operations.chat?.assets?.(call)).toEqual([])
  })

  it('ask for a whole answer where the upstream cannot stream', () => {
    const setting = withSwitch({ streaming: false })
    expect(chat({ stream: true, stream_options: { include_usage: true } }, setting).body).toEqual({
      model: 'm',
      messages,
      stream: false,
    })
    const connection = connectionFor(setting)
    expect(providers.get('openai_compatible')?.operations.chat?.streaming(connection)).toEqual({
      kind: 'none',
    })
  })

  it('raise temperatures, and remind of JSON', () => {
    expect(chat({ temperature: 0 }, withSwitch({ min_temperature: 0.01 })).body['temperature']).toBe(0.01)
    const format = { response_format: { type: 'json_object' as const } }
    expect(chat(format, { provider: 'deepseek' }).body['messages']).toEqual([
      { role: 'system', content: 'Answer with a JSON object.' },
      ...messages,
    ])
    const named: ChatMessage[] = [{ role: 'user', content: 'json, please' }]
    expect(chat({ ...format, messages: named }, { provider: 'deepseek' }).body['messages']).toEqual(named)
  })
})

describe('a replayed conversation', () => {
  const call = { id: 'c', type: 'function' as const, function: { name: 'f', arguments: '{}' } }
  const replayed: ChatMessage[] = [
    { role: 'user', content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }] },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'r',
      thinking_blocks: [],
      tool_calls: [{ ...call, extra_content: { google: { thought_signature: 's' } } }],
    },
    { role: 'tool', tool_call_id: 'c', content: 'x' },
  ]

  it('keeps its reasoning where the next turn fails without it', () => {
    expect(chat({ messages: replayed }).text).toContain('"cache_control"')
    const { body } = chat({ messages: replayed }, { provider: 'deepseek' })
    expect(body['messages']).toMatchObject([{}, { reasoning_content: 'r' }, {}])
    expect(JSON.stringify(body)).not.toContain('cache_control')
  })

  it('has no empty list of calls where that is refused', () => {
    const empty: ChatMessage[] = [{ role: 'assistant', content: 'a', tool_calls: [] }]
    expect(chat({ messages: empty }, { provider: 'openai' }).body['messages']).toEqual([
      { role: 'assistant', content: 'a' },
    ])
    expect(chat({ messages: empty }).body['messages']).toEqual(empty)
  })

  it("loses other providers' marks where unknown fields are refused", () => {
    const tools = [
      { type: 'function' as const, function: { name: 'f' }, cache_control: { type: 'ephemeral' as const } },
    ]
    const { body } = chat({ messages: replayed, tools }, { provider: 'openai', modelName: 'gpt-4o' })
    expect(body).toEqual({
      model: 'gpt-4o',
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'hi' }] },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'c', content: 'x' },
      ],
      tools: [{ type: 'function', function: { name: 'f' } }],
    })
  })
})

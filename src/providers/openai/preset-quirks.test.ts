import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../core/openai.ts'
import { createProviders } from '../index.ts'
import { chatCall, testConnection, type ConnectionOptions } from '../testing/chat-call.ts'
import { sentRequest } from '../testing/sent-request.ts'

const providers = createProviders()
const messages = [{ role: 'user' as const, content: 'hi' }]

/** The body that a host is sent. */
function body(id: string, sent: object, options: ConnectionOptions = {}): Record<string, unknown> {
  const provider = providers.get(id)
  if (provider === undefined) throw new Error(`there is no ${id}`)
  const settings: Record<string, string> =
    id === 'openai_compatible' ? { base_url: 'https://host.test/v1' } : {}
  const connection = testConnection({ provider: id, modelName: 'their-model', settings, ...options })
  const call = chatCall({ body: { messages, ...sent } as Omit<ChatRequest, 'model'>, connection })
  return sentRequest(provider, call).body
}

describe('reasoning_effort', () => {
  const asked = (...given: Parameters<typeof body>) => {
    const { messages: _messages, model: _model, ...rest } = body(...given)
    return rest
  }

  it.each([
    ['deepseek', 'none', { thinking: { type: 'disabled' } }],
    ['deepseek', 'minimal', { thinking: { type: 'enabled' }, reasoning_effort: 'high' }],
    ['deepseek', 'high', { thinking: { type: 'enabled' }, reasoning_effort: 'high' }],
    ['deepseek', 'xhigh', { thinking: { type: 'enabled' }, reasoning_effort: 'high' }],
    ['deepseek', 'max', { thinking: { type: 'enabled' }, reasoning_effort: 'max' }],
    ['cerebras', 'none', { reasoning_effort: 'none' }],
    ['cerebras', 'minimal', { reasoning_effort: 'low' }],
    ['cerebras', 'medium', { reasoning_effort: 'medium' }],
    ['cerebras', 'xhigh', { reasoning_effort: 'high' }],
    ['openai', 'xhigh', { reasoning_effort: 'xhigh' }],
    ['openai_compatible', 'a word of their own', { reasoning_effort: 'a word of their own' }],
    ['deepseek', 'a word of their own', { reasoning_effort: 'a word of their own' }],
  ])('%s is asked in words it has: %s', (id, effort, sent) => {
    expect(asked(id, { reasoning_effort: effort })).toEqual(sent)
  })

  it("leaves the host's own switch where a client sends it, and null where it is null", () => {
    const thinking = { type: 'disabled' }
    expect(asked('deepseek', { thinking, reasoning_effort: 'low' })).toEqual({
      thinking,
      reasoning_effort: 'high',
    })
    expect(asked('deepseek', { reasoning_effort: null })).toEqual({})
  })

  it('is the connection’s to say otherwise', () => {
    const overrides = { capabilities: { efforts: 'low high', thinking_switch: false } }
    expect(asked('deepseek', { reasoning_effort: 'medium' }, { overrides })).toEqual({
      reasoning_effort: 'low',
    })
  })
})

describe('null', () => {
  const nothing = { tools: null, stop: null, n: null, modalities: null, seed: null, stream_options: null }
  const described = { type: 'function', function: { name: 'f', description: null, strict: null } }

  it('goes on to who takes it, and is left out elsewhere', () => {
    expect(body('openai', nothing)).toMatchObject(nothing)
    for (const id of ['mistral', 'groq', 'deepseek', 'nvidia', 'writer', 'huggingface'])
      expect(body(id, nothing)).toEqual({ model: 'their-model', messages })
  })

  it('is left out of tools too', () => {
    expect(body('openai', { tools: [described] })['tools']).toEqual([described])
    expect(body('mistral', { tools: [described] })['tools']).toEqual([
      { type: 'function', function: { name: 'f' } },
    ])
  })

  it('is the connection’s to say otherwise', () => {
    const options = { overrides: { capabilities: { nulls: true } } }
    expect(body('mistral', { stop: null }, options)).toEqual({ model: 'their-model', messages, stop: null })
  })
})

import { describe, expect, it } from 'vitest'
import { createProviders } from '../index.ts'
import { testConnection } from '../testing/chat-call.ts'
import { answer } from './fixtures/answers.ts'

const providers = createProviders()

function list(body: object | string, id = 'openai') {
  const models = providers
    .get(id)
    ?.listModels?.read(answer(body), { method: 'GET', url: 'https://h.test', headers: {}, body: null })
  return Object.fromEntries((models?.models ?? []).map((model) => [model.id, model.kind]))
}
const named = (...ids: string[]) => ({
  object: 'list',
  data: ids.map((id) => ({ id, object: 'model', owned_by: 'x' })),
})

describe('the list of models', () => {
  it('is asked for where the API is', () => {
    const at = (provider: string, settings = {}) =>
      providers.get(provider)?.listModels?.request(testConnection({ provider, settings }).credential)
    expect(at('openai')).toMatchObject({ method: 'GET', url: 'https://api.openai.com/v1/models', body: null })
    expect(at('openai_compatible', { base_url: 'https://h.test/v1/' })?.url).toBe('https://h.test/v1/models')
    expect(at('perplexity')?.url).toBe('https://api.perplexity.ai/models')
  })

  it('tells text from embeddings by name, and leaves the rest out', () => {
    const texts = [
      'gpt-4o',
      'o3-mini',
      'chatgpt-4o-latest',
      'llama3.1:8b',
      'ft:gpt-4o:acme::1',
      'democracy-7b',
    ]
    const embeddings = [
      'text-embedding-3-small',
      'nomic-embed-text',
      'BAAI/bge-m3',
      'intfloat/e5-mistral-7b',
      'all-minilm',
    ]
    const others = [
      'dall-e-3',
      'gpt-image-1',
      'whisper-1',
      'tts-1-hd',
      'gpt-4o-mini-tts',
      'gpt-4o-transcribe',
    ]
    others.push(
      'omni-moderation-latest',
      'sora-2',
      'gpt-4o-realtime-preview',
      'gpt-4o-audio-preview',
      'gpt-audio',
    )
    others.push(
      'meta-llama/Llama-Guard-3-8B',
      'black-forest-labs/FLUX.1',
      'jina-reranker-v2',
      'mistral-ocr-latest',
    )
    expect(list(named(...texts, ...embeddings, ...others))).toEqual(
      Object.fromEntries([...texts.map((id) => [id, 'chat']), ...embeddings.map((id) => [id, 'embedding'])]),
    )
  })

  it("is Together's bare array, with its own kinds", () => {
    const models = [
      { id: 'a/chat', type: 'chat' },
      { id: 'a/retrieval', type: 'embedding' },
      { id: 'a/picture', type: 'image' },
      { id: 'a/rank', type: 'rerank' },
      { id: 'a/base', type: 'language' },
    ]
    expect(list(models as object, 'together')).toEqual({
      'a/chat': 'chat',
      'a/retrieval': 'embedding',
      'a/base': 'chat',
    })
  })

  it("is OpenRouter's and Mistral's, which say what a model gives", () => {
    const data = [
      { id: 'a/pixels', architecture: { output_modalities: ['image'] } },
      { id: 'a/both', architecture: { output_modalities: ['image', 'text'] } },
      { id: 'a/embed-1', architecture: { output_modalities: ['embeddings'] } },
      { id: 'mistral-embed', capabilities: { completion_chat: false } },
      { id: 'mistral-small', capabilities: { completion_chat: true } },
    ]
    expect(list({ data })).toEqual({
      'a/both': 'chat',
      'a/embed-1': 'embedding',
      'mistral-embed': 'embedding',
      'mistral-small': 'chat',
    })
  })

  it.each(['', '<html>', '{}', '{"data":7}', '7'])('is a failure of the provider where it is %j', (body) => {
    expect(() => list(body)).toThrow(
      expect.objectContaining({ name: 'GatewayError', reason: 'provider_down' }),
    )
  })

  it('tells an error that came with a 200', () => {
    const error = { message: 'x', code: 'invalid_api_key' }
    expect(() => list({ error })).toThrow(expect.objectContaining({ reason: 'authentication' }))
  })

  it('passes over what is no model', () => {
    expect(list({ data: [null, 7, {}, { id: '' }, { id: 'x' }] })).toEqual({ x: 'chat' })
  })
})

describe('a probe', () => {
  const probe = (modelName: string, kind: 'chat' | 'embedding' = 'chat', provider = 'openai') =>
    providers.get(provider)?.probe({ ...testConnection({ provider, modelName }), kind })

  it('is one token, or one word', () => {
    expect(probe('gpt-4o')).toEqual({
      operation: 'chat',
      body: { model: 'public-name', messages: [{ role: 'user', content: 'ping' }], max_tokens: 1 },
    })
    expect(probe('text-embedding-3-small', 'embedding')).toEqual({
      operation: 'embeddings',
      body: { model: 'public-name', input: 'ping' },
    })
  })

  it('leaves a reasoning model room to think', () => {
    expect(probe('o4-mini')?.body['max_tokens']).toBe(64)
  })

  it('asks models that only complete to complete', () => {
    expect(probe('gpt-3.5-turbo-instruct')).toMatchObject({
      operation: 'completions',
      body: { prompt: 'ping' },
    })
  })
})

describe('credentials', () => {
  const fields = (id: string) =>
    Object.fromEntries(
      (providers.get(id)?.fields ?? []).map(({ name, required, secret }) => [name, { required, secret }]),
    )

  it('need a key, or an address, as the preset says', () => {
    expect(fields('openai')).toEqual({
      api_key: { required: true, secret: true },
      base_url: { required: false, secret: false },
    })
    expect(fields('openai_compatible')).toMatchObject({
      api_key: { required: false },
      base_url: { required: true },
    })
    expect(fields('ollama')).toMatchObject({ api_key: { required: false }, base_url: { required: false } })
  })

  it('are signed as a bearer, where there is a key', () => {
    const { credential } = testConnection()
    const provider = providers.get('vllm')
    expect(provider?.signer(credential)).toBe('bearer')
    expect(provider?.signer({ ...credential, secrets: {} })).toBe('none')
  })
})

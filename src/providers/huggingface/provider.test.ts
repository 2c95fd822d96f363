import { describe, expect, it } from 'vitest'
import type { EmbeddingsCall, UpstreamRequest } from '../../core/provider.ts'
import { providerSuite } from '../contract.suite.ts'
import { createProviders } from '../index.ts'
import { answer } from '../openai/fixtures/answers.ts'
import { embeddingsCall } from '../testing/calls.ts'
import { testConnection } from '../testing/chat-call.ts'
import { readFeatureExtraction } from './feature-extraction.ts'
import { answerFixtures, errorFixtures, streamFixtures } from './fixtures.ts'
import { createHuggingFace } from './provider.ts'

const provider = createHuggingFace()

providerSuite({
  name: 'huggingface',
  provider,
  fixtures: { streams: streamFixtures, answers: answerFixtures, errors: errorFixtures },
})

it('is in the catalogue, as a protocol of its own', () => {
  const listed = createProviders().get('huggingface')
  expect(listed?.baseUrl).toBe('https://router.huggingface.co/v1')
  expect(listed?.presetOf).toBeUndefined()
})

describe('embeddings of the pipeline', () => {
  const read = (value: object, body: EmbeddingsCall['body']) =>
    readFeatureExtraction([answer(value)], embeddingsCall({ body }))
  const model = 'public-name'

  it('are in OpenAI’s form, in the order of the texts', () => {
    expect(read([[0.5], [0.25]], { model, input: ['a', 'b'] }).body).toEqual({
      object: 'list',
      model: 'test-model',
      data: [
        { object: 'embedding', index: 0, embedding: [0.5] },
        { object: 'embedding', index: 1, embedding: [0.25] },
      ],
      usage: { prompt_tokens: 0, total_tokens: 0 },
    })
  })

  it('are encoded where the client asks for that', () => {
    const { body } = read([[0.1, -0.5, 1]], { model, input: 'a', encoding_format: 'base64' })
    expect(body).toMatchObject({ data: [{ embedding: 'zczMPQAAAL8AAIA/' }] })
  })

  it('may be one vector without a list around it, where one text was sent', () => {
    expect(read([0.5, 1], { model, input: 'a' }).body).toMatchObject({ data: [{ embedding: [0.5, 1] }] })
  })

  it('are no vectors of tokens: pooling is the model’s own matter', () => {
    const token = [
      [0.5, 1],
      [0.25, 2],
    ]
    for (const [value, input] of [
      [[token], 'a'],
      [
        [token, token],
        ['a', 'b'],
      ],
    ] as const) {
      expect(() => read(value, { model, input: input as string | string[] })).toThrow(
        expect.objectContaining({
          code: 'upstream_error',
          reason: 'provider_down',
          message: expect.stringContaining('a vector for each token') as string,
        }),
      )
    }
  })

  it.each<[object]>([
    [[]],
    [[[0.5]]],
    [[[0.5], [1], [2]]],
    [[[0.5], []]],
    [[[0.5], ['x']]],
    [[[0.5], null]],
    [{}],
  ])('are not %j for two texts', (value) => {
    expect(() => read(value, { model, input: ['a', 'b'] })).toThrow(
      expect.objectContaining({ code: 'upstream_error', reason: 'provider_down' }),
    )
  })
})

describe('the list of models', () => {
  it('is the router’s, or the endpoint’s', () => {
    const listed = (baseUrl?: string) => {
      const settings: Record<string, string> = baseUrl === undefined ? {} : { base_url: baseUrl }
      return provider.listModels?.request(testConnection({ settings }).credential) as UpstreamRequest
    }
    expect(listed().url).toBe('https://router.huggingface.co/v1/models')
    expect(listed('https://x1.endpoints.test/').url).toBe('https://x1.endpoints.test/v1/models')
    const body = {
      object: 'list',
      data: [{ id: 'org/model', providers: [{ provider: 'x', status: 'live' }] }],
    }
    expect(provider.listModels?.read(answer(body), listed()).models).toEqual([
      { id: 'org/model', kind: 'chat' },
    ])
  })
})

it('is probed with one token, or with one word', () => {
  expect(provider.probe(testConnection())).toMatchObject({ operation: 'chat', body: { max_tokens: 1 } })
  const embedder = { ...testConnection(), kind: 'embedding' as const }
  expect(provider.probe(embedder)).toMatchObject({ operation: 'embeddings', body: { input: 'ping' } })
})

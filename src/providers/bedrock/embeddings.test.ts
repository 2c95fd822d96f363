import { describe, expect, it } from 'vitest'
import type { EmbeddingsRequest } from '../../core/openai.ts'
import type { BuiltRequests, ReadResponse } from '../../core/provider.ts'
import { embeddingsCall } from '../testing/calls.ts'
import { testConnection } from '../testing/chat-call.ts'
import { embeddings } from './embeddings.ts'

function callOf(modelName: string, body: object, capabilities: Readonly<Record<string, string>> = {}) {
  const settings = { aws_region: 'us-east-1' }
  const connection = testConnection({ provider: 'bedrock', modelName, settings, overrides: { capabilities } })
  return embeddingsCall({ connection, body: body as Omit<EmbeddingsRequest, 'model'> })
}

function build(modelName: string, body: object, capabilities?: Readonly<Record<string, string>>) {
  const { requests, dropped } = embeddings.buildRequests(
    callOf(modelName, body, capabilities),
  ) as BuiltRequests
  return { requests, dropped, bodies: requests.map((request) => JSON.parse(String(request.body)) as unknown) }
}

function read(modelName: string, body: object, answers: readonly [object, string?][]) {
  const responses = answers.map(([answer, tokens]) => ({
    status: 200,
    headers: tokens === undefined ? {} : { 'x-amzn-bedrock-input-token-count': tokens },
    body: Buffer.from(JSON.stringify(answer)),
  }))
  return embeddings.readResponse(responses, callOf(modelName, body)) as ReadResponse
}

const nova = 'amazon.nova-2-multimodal-embeddings-v1:0'

describe('embeddings', () => {
  it.each<[string, string, object, unknown[]]>([
    [
      'Titan v1, a request for each text',
      'amazon.titan-embed-text-v1',
      { input: ['a', 'b'], dimensions: 1536 },
      [{ inputText: 'a' }, { inputText: 'b' }],
    ],
    [
      'Titan v2',
      'amazon.titan-embed-text-v2:0',
      { input: 'a', dimensions: 256 },
      [{ inputText: 'a', dimensions: 256 }],
    ],
    [
      'Cohere v3',
      'cohere.embed-multilingual-v3',
      { input: ['a', 'b'], input_type: 'search_query' },
      [{ texts: ['a', 'b'], input_type: 'search_query', truncate: 'NONE' }],
    ],
    [
      'Cohere v4, by way of a profile',
      'us.cohere.embed-v4:0',
      { input: 'a', dimensions: 512 },
      [{ texts: ['a'], input_type: 'search_document', truncate: 'NONE', output_dimension: 512 }],
    ],
    [
      'Nova',
      nova,
      { input: 'a', dimensions: 384 },
      [
        {
          taskType: 'SINGLE_EMBEDDING',
          singleEmbeddingParams: {
            embeddingPurpose: 'GENERIC_INDEX',
            embeddingDimension: 384,
            text: { truncationMode: 'NONE', value: 'a' },
          },
        },
      ],
    ],
  ])('asks %s', (_name, model, body, bodies) => {
    const built = build(model, body)
    expect(built.bodies).toEqual(bodies)
    for (const request of built.requests) {
      expect(request).toMatchObject({ region: 'us-east-1', url: expect.stringMatching(/\/invoke$/) })
    }
  })

  it('sends Cohere 96 texts at a time, in order', () => {
    const input = Array.from({ length: 200 }, (_, index) => `text ${index}`)
    const { bodies } = build('cohere.embed-v4:0', { input })
    const batches = bodies.map((body) => (body as { texts: string[] }).texts)
    expect(batches.map(({ length }) => length)).toEqual([96, 96, 8])
    expect(batches.flat()).toEqual(input)
  })

  it('knows a model behind an ARN by the switch that names it', () => {
    const arn = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc'
    expect(build(arn, { input: 'a' }, { like: 'cohere.embed-v4:0' }).bodies).toHaveLength(1)
    expect(() => build(arn, { input: 'a' })).toThrow(
      expect.objectContaining({ code: 'unsupported_operation' }),
    )
  })

  it('names what is dropped', () => {
    expect(
      build('amazon.titan-embed-text-v2:0', {
        input: 'a',
        user: 'u',
        stream: true,
        input_type: 'search_query',
      }).dropped,
    ).toEqual(['user', 'stream', 'input_type'])
  })

  it.each<[string, string, object, string, string]>([
    ['tokens', 'cohere.embed-v4:0', { input: [1, 2] }, 'input', 'unsupported_parameter'],
    ['lists of tokens', 'cohere.embed-v4:0', { input: [[1], [2]] }, 'input', 'unsupported_parameter'],
    [
      'a size that Titan v1 has not',
      'amazon.titan-embed-text-v1',
      { input: 'a', dimensions: 512 },
      'dimensions',
      'unsupported_parameter',
    ],
    [
      'a size that Cohere v3 has not',
      'cohere.embed-english-v3',
      { input: 'a', dimensions: 512 },
      'dimensions',
      'unsupported_parameter',
    ],
    [
      'a size that Nova has not',
      nova,
      { input: 'a', dimensions: 512 },
      'dimensions',
      'unsupported_parameter',
    ],
    ['an empty text', 'amazon.titan-embed-text-v2:0', { input: ['a', ''] }, 'input', 'invalid_request'],
    [
      'too many texts',
      'amazon.titan-embed-text-v2:0',
      { input: Array(2049).fill('a') },
      'input',
      'invalid_request',
    ],
    [
      'an unknown purpose',
      'cohere.embed-v4:0',
      { input: 'a', input_type: 'poem' },
      'input_type',
      'invalid_request',
    ],
  ])('refuses %s', (_name, model, body, param, code) => {
    expect(() => build(model, body)).toThrow(expect.objectContaining({ param, code, status: 400 }))
  })

  it('puts the vectors of a fan-out in order and adds up their tokens', () => {
    const { body, usage } = read('amazon.titan-embed-text-v2:0', { input: ['a', 'b'] }, [
      [{ embedding: [1, 2], inputTextTokenCount: 3 }],
      [{ embedding: [3, 4], inputTextTokenCount: 9 }, '4'],
    ])
    expect(body).toEqual({
      object: 'list',
      model: 'amazon.titan-embed-text-v2:0',
      data: [
        { object: 'embedding', index: 0, embedding: [1, 2] },
        { object: 'embedding', index: 1, embedding: [3, 4] },
      ],
      usage: { prompt_tokens: 7, total_tokens: 7 },
    })
    expect(usage?.input).toBe(7)
  })

  it('makes base64 itself, in little-endian float32', () => {
    const { body } = read('cohere.embed-v4:0', { input: ['a'], encoding_format: 'base64' }, [
      [{ embeddings: { float: [[0.1, -0.5, 1]] } }, '2'],
    ])
    expect(body).toMatchObject({ data: [{ embedding: 'zczMPQAAAL8AAIA/' }] })
  })

  it('reads Cohere v3 and Nova', () => {
    expect(
      read('cohere.embed-english-v3', { input: ['a', 'b'] }, [[{ embeddings: [[1], [2]] }]]).body,
    ).toMatchObject({
      data: [{ embedding: [1] }, { embedding: [2] }],
    })
    const answer = { embeddings: [{ embeddingType: 'TEXT', embedding: [5] }], inputTokenCount: 6 }
    expect(read(nova, { input: 'a' }, [[answer]])).toMatchObject({
      usage: { input: 6 },
      body: { data: [{ embedding: [5] }] },
    })
  })

  it('takes a vector too few for a failure of the provider', () => {
    const few = () => read('cohere.embed-v4:0', { input: ['a', 'b'] }, [[{ embeddings: { float: [[1]] } }]])
    expect(few).toThrow(expect.objectContaining({ code: 'upstream_error', reason: 'provider_down' }))
  })
})

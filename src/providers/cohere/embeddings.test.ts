import { describe, expect, it } from 'vitest'
import type { EmbeddingsCall, Translator } from '../../core/provider.ts'
import { embeddingsCall, type EmbeddingsCallOptions } from '../testing/calls.ts'
import { testConnection } from '../testing/chat-call.ts'
import { answer } from './fixtures/answers.ts'
import { createCohere } from './provider.ts'

const { embeddings } = createCohere().operations as { embeddings: Translator }

interface Options {
  readonly body: EmbeddingsCallOptions['body']
  readonly model?: string
  readonly capabilities?: Record<string, string>
}

function callOf({ body, model = 'embed-v4.0', capabilities = {} }: Options): EmbeddingsCall {
  const connection = testConnection({ provider: 'cohere', modelName: model, overrides: { capabilities } })
  return embeddingsCall({ body, connection })
}

async function build(options: Options) {
  const { requests, dropped } = await embeddings.buildRequests(callOf(options))
  const sent = requests.map((request) => JSON.parse(String(request.body)) as Record<string, unknown>)
  return { requests, dropped, sent }
}

const plain = {
  model: 'embed-v4.0',
  texts: ['a'],
  input_type: 'search_document',
  embedding_types: ['float'],
}

describe('embeddings: requests', () => {
  it.each<[string, Options, object]>([
    ['a text', { body: { input: 'a' } }, plain],
    ['base64 is made here', { body: { input: ['a'], encoding_format: 'base64' } }, plain],
    ['a length', { body: { input: 'a', dimensions: 512 } }, { ...plain, output_dimension: 512 }],
    [
      'the only length there is',
      { body: { input: 'a', dimensions: 384 }, model: 'embed-english-light-v3.0' },
      { ...plain, model: 'embed-english-light-v3.0' },
    ],
    [
      'a length of a model that is not known',
      { body: { input: 'a', dimensions: 77 }, model: 'embed-v9' },
      { ...plain, model: 'embed-v9', output_dimension: 77 },
    ],
    [
      'Cohere’s own fields',
      { body: { input: 'a', input_type: 'search_query', truncate: 'START' } },
      { ...plain, input_type: 'search_query', truncate: 'START' },
    ],
    [
      'what the connection’s embeddings are for',
      { body: { input: 'a' }, capabilities: { input_type: 'clustering' } },
      { ...plain, input_type: 'clustering' },
    ],
  ])('%s', async (_name, options, expected) => {
    const { sent, dropped } = await build(options)
    expect(sent).toEqual([expected])
    expect(dropped).toEqual([])
  })

  it('are as many as 96 texts each need', async () => {
    const input = Array.from({ length: 200 }, (_, index) => `text ${index}`)
    const { requests, sent, dropped } = await build({ body: { input, user: 'u', stream: true, priority: 3 } })
    expect(requests.map(({ url }) => url)).toEqual(Array(3).fill('https://api.cohere.com/v2/embed'))
    expect(sent.map(({ texts }) => (texts as string[]).length)).toEqual([96, 96, 8])
    expect(sent.flatMap(({ texts }) => texts)).toEqual(input)
    expect(dropped).toEqual(['user', 'stream', 'priority'])
  })

  it.each<[string, Options['body'], object]>([
    ['tokens', { input: [1, 2] }, { code: 'unsupported_parameter', param: 'input' }],
    ['lists of tokens', { input: [[1, 2]] }, { code: 'unsupported_parameter', param: 'input' }],
    [
      'another length',
      { input: 'a', dimensions: 77 },
      { code: 'unsupported_parameter', param: 'dimensions' },
    ],
    ['half a length', { input: 'a', dimensions: 0.5 }, { code: 'invalid_request', param: 'dimensions' }],
    ['nothing', { input: [] }, { code: 'invalid_request', param: 'input' }],
    ['an empty text', { input: ['a', ''] }, { code: 'invalid_request', param: 'input' }],
    ['too much', { input: Array<string>(2049).fill('a') }, { code: 'invalid_request', param: 'input' }],
    [
      'another purpose',
      { input: 'a', input_type: 'image' },
      { code: 'invalid_request', param: 'input_type' },
    ],
  ])('refused: %s', async (_name, body, expected) => {
    await expect(build({ body })).rejects.toMatchObject({ ...expected, status: 400 })
  })
})

const page = (float: unknown, input_tokens?: number) =>
  answer({
    embeddings: { float },
    ...(input_tokens === undefined ? {} : { meta: { billed_units: { input_tokens } } }),
  })
const asked = (count: number, format: 'float' | 'base64' = 'float') =>
  callOf({ body: { input: Array<string>(count).fill('a'), encoding_format: format } })

describe('embeddings: answers', () => {
  it('are put together in order, and counted', async () => {
    const pages = [
      ...page(
        [
          [1, 2],
          [3, 4],
        ],
        5,
      ),
      ...page([[5, 6]], 2),
    ]
    expect(await embeddings.readResponse(pages, asked(3))).toEqual({
      body: {
        object: 'list',
        model: 'embed-v4.0',
        data: [
          { object: 'embedding', index: 0, embedding: [1, 2] },
          { object: 'embedding', index: 1, embedding: [3, 4] },
          { object: 'embedding', index: 2, embedding: [5, 6] },
        ],
        usage: { prompt_tokens: 7, total_tokens: 7 },
      },
      usage: { input: 7, output: 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 },
    })
  })

  it('are base64 of 32-bit floats where that was asked for; no count is no usage', async () => {
    const { body, usage } = await embeddings.readResponse(page([[0.5, -2]]), asked(1, 'base64'))
    expect(body).toMatchObject({ data: [{ embedding: 'AAAAPwAAAMA=' }] })
    expect(usage).toBeNull()
  })

  it.each<[string, unknown]>([
    ['too few', [[1]]],
    ['too many', [[1], [2], [3]]],
    ['no numbers', [['a'], ['b']]],
    ['empty', [[], []]],
    ['none', undefined],
  ])('fail where they are %s', (_name, float) => {
    expect(() => embeddings.readResponse(page(float), asked(2))).toThrow(
      expect.objectContaining({ code: 'upstream_error', reason: 'provider_down' }),
    )
  })
})

import { describe, expect, it } from 'vitest'
import type { EmbeddingsRequest, EmbeddingsResponse } from '../../core/openai.ts'
import { embeddingsCall } from '../testing/calls.ts'
import { embeddings } from './embeddings.ts'
import { answered } from './fixtures/answers.ts'
import { gemini, vertex } from './fixtures/connections.ts'

type Body = Omit<EmbeddingsRequest, 'model'>
const older = vertex({ modelName: 'text-embedding-005' })
const gemini1 = vertex({ modelName: 'gemini-embedding-001' })
const newer = vertex({ modelName: 'gemini-embedding-2' })
const ofGemini = gemini({ modelName: 'gemini-embedding-001' })

async function build(body: Body, connection = ofGemini) {
  const { requests, dropped } = await embeddings.buildRequests(embeddingsCall({ body, connection }))
  const bodies = requests.map((request) => JSON.parse(String(request.body)) as Record<string, unknown>)
  return { url: requests[0]?.url, bodies, dropped }
}

const texts = (count: number) => Array.from({ length: count }, (_, index) => `text ${index}`)

describe('embedding requests', () => {
  it('go to the Gemini API in batches', async () => {
    const { url, bodies, dropped } = await build({
      input: ['a', 'b'],
      dimensions: 256,
      user: 'u',
      stream: true,
      truncate: 'END',
    })
    expect(url).toMatch(/\/v1beta\/models\/gemini-embedding-001:batchEmbedContents$/)
    const request = (text: string) => ({
      model: 'models/gemini-embedding-001',
      content: { parts: [{ text }] },
      outputDimensionality: 256,
    })
    expect(bodies).toEqual([{ requests: [request('a'), request('b')] }])
    expect(dropped).toEqual(['user', 'stream', 'truncate'])
    const many = await build({ input: texts(205) })
    expect(many.bodies.map((body) => (body['requests'] as unknown[]).length)).toEqual([100, 100, 5])
  })

  it('go to Vertex AI’s older models as predictions', async () => {
    const { url, bodies } = await build({ input: 'a', dimensions: 64, input_type: 'search_query' }, older)
    expect(url).toMatch(/\/publishers\/google\/models\/text-embedding-005:predict$/)
    expect(bodies).toEqual([
      {
        instances: [{ content: 'a', task_type: 'RETRIEVAL_QUERY' }],
        parameters: { outputDimensionality: 64 },
      },
    ])
    expect((await build({ input: texts(3) }, older)).bodies).toHaveLength(1)
    expect((await build({ input: texts(3) }, gemini1)).bodies).toHaveLength(3)
  })

  it('are split by length, too', async () => {
    const { bodies } = await build({ input: ['x'.repeat(30_000), 'y'.repeat(30_000), 'z'] }, older)
    expect(bodies.map((body) => (body['instances'] as unknown[]).length)).toEqual([1, 2])
  })

  it('go to its newer ones one by one', async () => {
    const { url, bodies } = await build({ input: ['a', 'b'], task_type: 'CLUSTERING' }, newer)
    expect(url).toMatch(/:embedContent$/)
    const config = { embedContentConfig: { taskType: 'CLUSTERING' } }
    expect(bodies).toEqual([
      { content: { parts: [{ text: 'a' }] }, ...config },
      { content: { parts: [{ text: 'b' }] }, ...config },
    ])
  })

  it('take the form that the connection names', async () => {
    const capabilities = { embeddings: 'predict', embedding_batch: 2 }
    const connection = vertex({ modelName: 'my-model', overrides: { capabilities } })
    const { url, bodies } = await build({ input: texts(3) }, connection)
    expect(url).toMatch(/:predict$/)
    expect(bodies).toHaveLength(2)
  })

  it.each<[string, string, Body]>([
    ['unsupported_parameter', 'input', { input: [1, 2] }],
    ['invalid_request', 'input', { input: ['a', ''] }],
    ['invalid_request', 'input', { input: texts(2049) }],
    ['invalid_request', 'dimensions', { input: 'a', dimensions: 0.5 }],
    ['invalid_request', 'task_type', { input: 'a', task_type: 'GUESSING' }],
  ])('refuse, as %s: %s', async (code, param, body) => {
    await expect(build(body)).rejects.toMatchObject({ code, param })
  })
})

describe('embedding answers', () => {
  const read = async (body: Body, connection: ReturnType<typeof gemini>, ...answers: object[]) => {
    const responses = answers.flatMap((answer) => answered(answer))
    const { body: shown, usage } = await embeddings.readResponse(
      responses,
      embeddingsCall({ body, connection }),
    )
    return { shown: shown as EmbeddingsResponse, usage }
  }
  const embedding = (value: number) => ({
    embedding: { values: [value] },
    usageMetadata: { promptTokenCount: 2 },
  })

  it('are in the order of the inputs, their tokens added', async () => {
    const { shown, usage } = await read({ input: ['a', 'b'] }, newer, embedding(1), embedding(2))
    expect(shown.data.map((one) => one.embedding)).toEqual([[1], [2]])
    expect(usage?.input).toBe(4)
    expect(shown.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 })
  })

  it('may be scaled to the length 1', async () => {
    const answer = { embedding: { values: [3, -4] } }
    expect((await read({ input: 'a' }, newer, answer)).shown.data[0]?.embedding).toEqual([3, -4])
    const scaled = { ...newer, overrides: { capabilities: { normalize: true } } }
    expect((await read({ input: 'a' }, scaled, answer)).shown.data[0]?.embedding).toEqual([0.6, -0.8])
    const zero = { embedding: { values: [0, 0] } }
    expect((await read({ input: 'a' }, scaled, zero)).shown.data[0]?.embedding).toEqual([0, 0])
  })

  it('may be base64', async () => {
    const { shown } = await read({ input: 'a', encoding_format: 'base64' }, newer, embedding(1))
    expect(shown.data[0]?.embedding).toBe('AACAPw==')
  })

  it('fail where one is missing, or an error stands there', async () => {
    await expect(read({ input: ['a', 'b'] }, newer, embedding(1))).rejects.toMatchObject({
      reason: 'provider_down',
    })
    const error = { error: { status: 'NOT_FOUND', message: 'Publisher Model x was not found' } }
    await expect(read({ input: 'a' }, newer, error)).rejects.toMatchObject({ reason: 'model_not_found' })
  })
})

import OpenAI, { AzureOpenAI } from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { chatModel, createScene, embeddingModel, type Scene, userMessage } from './support/scene.ts'
import { chatAnswer, chatBody, chunkBody, event, failure, sendJson, startSse } from './support/upstream.ts'
import { until } from './support/wait.ts'

let scene: Scene
let client: OpenAI
const messages = [userMessage] as OpenAI.ChatCompletionMessageParam[]

beforeAll(async () => {
  scene = await createScene({
    config: (urls) => ({ models: [chatModel('gpt', urls), embeddingModel('embed', urls)] }),
  })
  client = new OpenAI({ baseURL: `${scene.gateway.url}/v1`, apiKey: scene.token, maxRetries: 0 })
})
afterAll(() => scene.stop())
beforeEach(() => {
  upstream().script = chatAnswer('Hello there, friend.')
  upstream().requests.length = 0
})

const upstream = () => scene.upstreams['main'] as NonNullable<Scene['upstreams'][string]>
const lastRequest = () => upstream().requests.at(-1)

describe('chat', () => {
  it('answers whole, with the upstream model and its usage', async () => {
    const answer = await client.chat.completions.create({ model: 'gpt', messages })
    expect(answer.choices[0]?.message.content).toBe('Hello there, friend.')
    expect(answer.usage?.total_tokens).toBe(10)
    expect(lastRequest()?.path).toBe('/v1/chat/completions')
    expect(lastRequest()?.headers.authorization).toBe('Bearer sk-planted-gpt-main')
    expect(lastRequest()?.json()).toEqual({ model: 'upstream-model', messages })
  })

  it('streams; the usage chunk comes only to those who asked', async () => {
    const read = async (options?: { include_usage: boolean }) => {
      const stream = await client.chat.completions.create({
        model: 'gpt',
        messages,
        stream: true,
        ...(options && { stream_options: options }),
      })
      return Array.fromAsync(stream)
    }
    const plain = await read()
    expect(plain.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Hello there, friend.')
    expect(plain.filter((chunk) => chunk.choices.length === 0)).toEqual([])
    expect(lastRequest()?.json()['stream_options']).toEqual({ include_usage: true })
    const asked = await read({ include_usage: true })
    expect(asked.at(-1)?.usage?.total_tokens).toBe(10)
    expect(asked.length).toBe(plain.length + 1)
  })

  it('reaches the final message with tools through the streaming helper', async () => {
    upstream().script = (response) => {
      const call = (fragment: object) => event(chunkBody({ tool_calls: [{ index: 0, ...fragment }] }))
      startSse(response)
      response.write(event(chunkBody({ role: 'assistant', content: null })))
      response.write(call({ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }))
      response.write(call({ function: { arguments: '{"city":' } }))
      response.write(call({ function: { arguments: '"Oslo"}' } }))
      response.write(event(chunkBody({}, 'tool_calls')))
      response.end(event('[DONE]'))
    }
    const tools = [
      { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } },
    ]
    const final = await client.chat.completions
      .stream({ model: 'gpt', messages, tools })
      .finalChatCompletion()
    expect(final.choices[0]?.finish_reason).toBe('tool_calls')
    const [toolCall] = final.choices[0]?.message.tool_calls ?? []
    expect(toolCall).toMatchObject({
      id: 'call_1',
      function: { name: 'weather', arguments: '{"city":"Oslo"}' },
    })
  })

  it('passes parameters on that it does not know', async () => {
    await client.chat.completions.create({
      model: 'gpt',
      messages,
      seed: 4,
      vendor_field: { a: [1] },
    } as never)
    expect(lastRequest()?.json()).toMatchObject({ seed: 4, vendor_field: { a: [1] } })
  })
})

describe('leaving', () => {
  it('stops the upstream within 100 ms, mid-stream', async () => {
    upstream().script = (response) => {
      startSse(response)
      response.write(event(chunkBody({ role: 'assistant', content: 'one' })))
    }
    const stream = await client.chat.completions.create({ model: 'gpt', messages, stream: true })
    for await (const chunk of stream) {
      expect(chunk.choices[0]?.delta.content).toBe('one')
      break
    }
    const leftAt = performance.now()
    stream.controller.abort()
    const closedAt = await until('the upstream sees the close', () => lastRequest()?.abortedAt)
    expect(closedAt - leftAt).toBeLessThan(100)
  })

  it.each([true, false])(
    'stops the upstream within 100 ms, before the first byte (stream: %s)',
    async (stream) => {
      upstream().script = () => {}
      const controller = new AbortController()
      const pending = client.chat.completions.create(
        { model: 'gpt', messages, stream },
        { signal: controller.signal },
      )
      const failed = pending.then(
        () => null,
        (error: unknown) => error,
      )
      await until('the request arrives', () => upstream().requests.length > 0)
      const leftAt = performance.now()
      controller.abort()
      expect(await failed).toBeInstanceOf(OpenAI.APIUserAbortError)
      const closedAt = await until('the upstream sees the close', () => lastRequest()?.abortedAt)
      expect(closedAt - leftAt).toBeLessThan(100)
    },
  )
})

describe('embeddings', () => {
  const vector = [0.25, -0.5, 1]
  const answer = (embedding: unknown) => ({
    object: 'list',
    model: 'upstream-model',
    data: [{ object: 'embedding', index: 0, embedding }],
    usage: { prompt_tokens: 2, total_tokens: 2 },
  })

  it.each([
    ['an upstream that honours base64', Buffer.from(new Float32Array(vector).buffer).toString('base64')],
    ['an upstream that ignores it', vector],
  ])('gives numbers to the SDK, which asks for base64: %s', async (_, sent) => {
    upstream().script = (response) => sendJson(response, answer(sent))
    const { data } = await client.embeddings.create({ model: 'embed', input: 'text' })
    expect(lastRequest()?.json()['encoding_format']).toBe('base64')
    expect(data[0]?.embedding).toEqual(vector)
  })

  it('gives numbers to those who ask for them', async () => {
    upstream().script = (response) => sendJson(response, answer(vector))
    const { data } = await client.embeddings.create({
      model: 'embed',
      input: ['a'],
      encoding_format: 'float',
    })
    expect(data[0]?.embedding).toEqual(vector)
  })

  it('are refused of a chat model, and chat of an embedding model', async () => {
    const wrong = client.embeddings.create({ model: 'gpt', input: 'text' })
    await expect(wrong).rejects.toMatchObject({ status: 400, code: 'unsupported_operation', param: 'model' })
    const other = client.chat.completions.create({ model: 'embed', messages })
    await expect(other).rejects.toMatchObject({ status: 400, code: 'unsupported_operation' })
  })
})

it('serves completions', async () => {
  const choice = { text: 'and on', index: 0, finish_reason: 'stop', logprobs: null }
  upstream().script = (response) =>
    sendJson(response, { ...chatBody(''), object: 'text_completion', choices: [choice] })
  const answer = await client.completions.create({ model: 'gpt', prompt: 'on' })
  expect(answer.choices[0]?.text).toBe('and on')
  expect(lastRequest()?.path).toBe('/v1/completions')
})

it('lists models and tells of one, with its connections', async () => {
  const models = await Array.fromAsync(client.models.list())
  expect(models.map(({ id }) => id).toSorted()).toEqual(['embed', 'gpt'])
  expect(await client.models.retrieve('gpt')).toMatchObject({
    id: 'gpt',
    object: 'model',
    connections: [{ name: 'main' }],
  })
  await expect(client.models.retrieve('a/b')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
})

it('serves the Azure class of the SDK', async () => {
  const azure = new AzureOpenAI({
    endpoint: scene.gateway.url,
    apiKey: scene.token,
    apiVersion: '2024-10-21',
    maxRetries: 0,
  })
  const answer = await azure.chat.completions.create({ model: 'gpt', messages })
  expect(answer.choices[0]?.message.content).toBe('Hello there, friend.')
})

describe('errors reach the SDK as its own classes', () => {
  const create = (model = 'gpt', apiKey = scene.token) =>
    new OpenAI({ baseURL: `${scene.gateway.url}/v1`, apiKey, maxRetries: 0 }).chat.completions.create({
      model,
      messages,
    })

  it('authentication', async () => {
    await expect(create('gpt', 'nonsense')).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
  })
  it('unknown model', async () => {
    await expect(create('nobody')).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
    await expect(create('nobody')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })
  it('a refusal of the request itself, with its message', async () => {
    upstream().script = failure(400, 'temperature is too high', {}, 'invalid_value')
    await expect(create()).rejects.toMatchObject({
      status: 400,
      code: 'invalid_value',
      message: expect.stringContaining('temperature is too high') as string,
    })
  })
  it('rate limit', async () => {
    upstream().script = failure(429, 'slow down', { 'retry-after': '1' })
    await expect(create()).rejects.toBeInstanceOf(OpenAI.RateLimitError)
  })
})

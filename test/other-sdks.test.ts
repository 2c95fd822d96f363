import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { embedMany, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { chatModel, createScene, embeddingModel, type Scene } from './support/scene.ts'
import {
  chatAnswer,
  chunkBody,
  event,
  failure,
  type Script,
  sendJson,
  startSse,
  type Upstream,
} from './support/upstream.ts'
import { until } from './support/wait.ts'

let scene: Scene
const upstream = () => scene.upstreams['main'] as Upstream

beforeAll(async () => {
  scene = await createScene({
    config: (urls) => ({ models: [chatModel('gpt', urls), embeddingModel('embed', urls)] }),
  })
})
afterAll(() => scene.stop())
beforeEach(() => {
  upstream().requests.length = 0
  upstream().script = chatAnswer('Hello there, friend.')
})

/** Asks for the tool, and answers in words once its result has come. */
const withTool: Script = (response, request, socket) => {
  const messages = request.json()['messages'] as { role: string }[]
  if (messages.some(({ role }) => role === 'tool'))
    return chatAnswer('It is cold.')(response, request, socket)
  const call = {
    index: 0,
    id: 'call_1',
    type: 'function',
    function: { name: 'weather', arguments: '{"city":"Oslo"}' },
  }
  if (request.json()['stream'] !== true) {
    const message = { role: 'assistant', content: null, tool_calls: [call] }
    return sendJson(response, {
      ...chunkBody({}),
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
    })
  }
  startSse(response)
  response.end(
    [
      event(chunkBody({ role: 'assistant', tool_calls: [call] })),
      event(chunkBody({}, 'tool_calls')),
      event('[DONE]'),
    ].join(''),
  )
}

const vectors: Script = (response, request) => {
  const input = [request.json()['input']].flat() as string[]
  const data = input.map((text, index) => ({ object: 'embedding', index, embedding: [text.length, 0.5] }))
  sendJson(response, { object: 'list', model: 'm', data, usage: { prompt_tokens: 1, total_tokens: 1 } })
}

describe('the AI SDK', () => {
  const provider = () =>
    createOpenAICompatible({
      name: 'modelgate',
      baseURL: `${scene.gateway.url}/v1`,
      apiKey: scene.token,
      includeUsage: true,
    })

  it('generates and streams text, with usage', async () => {
    const { text, usage } = await generateText({ model: provider()('gpt'), prompt: 'hi', maxRetries: 0 })
    expect([text, usage.totalTokens]).toEqual(['Hello there, friend.', 10])
    const streamed = streamText({ model: provider()('gpt'), prompt: 'hi', maxRetries: 0 })
    expect(await streamed.text).toBe('Hello there, friend.')
    expect((await streamed.usage).totalTokens).toBe(10)
  })

  it.each([true, false])('calls tools and comes to an answer (stream: %s)', async (stream) => {
    upstream().script = withTool
    const cities: string[] = []
    const weather = tool({
      inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
      execute: async ({ city }) => {
        cities.push(city)
        return { celsius: -3 }
      },
    })
    const first = await generateOrStream(stream, weather)
    expect(cities).toEqual(['Oslo'])
    expect(first).toBe('It is cold.')
    expect(upstream().requests.at(-1)?.body).toContain('-3')
  })

  async function generateOrStream(stream: boolean, weather: unknown): Promise<string> {
    const options = {
      model: provider()('gpt'),
      prompt: 'hi',
      tools: { weather },
      stopWhen: stepCountIs(3),
      maxRetries: 0,
    } as const
    return stream ? streamText(options as never).text : (await generateText(options as never)).text
  }

  it('embeds', async () => {
    upstream().script = vectors
    const { embeddings } = await embedMany({ model: provider().embeddingModel('embed'), values: ['a', 'bc'] })
    expect(embeddings).toEqual([
      [1, 0.5],
      [2, 0.5],
    ])
  })

  it('throws what the upstream refused', async () => {
    upstream().script = failure(400, 'no good')
    const failed = generateText({ model: provider()('gpt'), prompt: 'hi', maxRetries: 0 })
    await expect(failed).rejects.toMatchObject({
      statusCode: 400,
      message: expect.stringContaining('no good') as string,
    })
  })

  it('leaves the upstream when it is aborted', async () => {
    upstream().script = (response) => {
      startSse(response)
      response.write(event(chunkBody({ content: 'one' })))
    }
    const controller = new AbortController()
    const { textStream } = streamText({
      model: provider()('gpt'),
      prompt: 'hi',
      abortSignal: controller.signal,
    })
    for await (const part of textStream) {
      expect(part).toBe('one')
      controller.abort()
      break
    }
    await until('the upstream is left', () => upstream().requests[0]?.abortedAt)
  })
})

describe('LangChain', () => {
  const configuration = () => ({ baseURL: `${scene.gateway.url}/v1` })
  const chat = () =>
    new ChatOpenAI({ model: 'gpt', apiKey: scene.token, configuration: configuration(), maxRetries: 0 })

  it('invokes and streams', async () => {
    const message = await chat().invoke('hi')
    expect(message.content).toBe('Hello there, friend.')
    const parts = await Array.fromAsync(await chat().stream('hi'))
    expect(parts.map((part) => part.text).join('')).toBe('Hello there, friend.')
  })

  it('binds tools', async () => {
    upstream().script = withTool
    const bound = chat().bindTools([
      { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } },
    ])
    const message = await bound.invoke('hi')
    expect(message.tool_calls).toMatchObject([{ name: 'weather', args: { city: 'Oslo' }, id: 'call_1' }])
  })

  it('embeds', async () => {
    upstream().script = vectors
    const embeddings = new OpenAIEmbeddings({
      model: 'embed',
      apiKey: scene.token,
      configuration: configuration(),
    })
    expect(await embeddings.embedDocuments(['a', 'bc'])).toEqual([
      [1, 0.5],
      [2, 0.5],
    ])
  })

  it('throws what the upstream refused', async () => {
    upstream().script = failure(400, 'no good')
    await expect(chat().invoke('hi')).rejects.toMatchObject({ status: 400 })
  })
})

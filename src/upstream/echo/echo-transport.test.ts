import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatChunk, ChatCompletion, EmbeddingsResponse } from '../../core/openai.ts'
import type { UpstreamRequest } from '../../core/provider.ts'
import { createReading, failureOf, options, readAll } from '../testing/exchanges.ts'
import { createFakeTime } from '../testing/fake-time.ts'
import { until } from '../testing/until.ts'
import { createEcho } from './echo-transport.ts'

const { clock, timers } = createFakeTime()
const echo = createEcho({ clock: { ...clock, now: () => 1_700_000_000_123 }, timers, makeId: () => 'id-1' })

function to(path: string, body: unknown): UpstreamRequest {
  return { method: 'POST', url: `internal://echo${path}`, headers: {}, body: JSON.stringify(body) }
}

async function ask(path: string, body: unknown) {
  const exchange = await echo.dispatch(to(path, body), options())
  const { text, error } = await readAll(exchange)
  expect(error).toBeNull()
  return { status: exchange.status, headers: exchange.headers, text }
}

/** The payloads of an SSE answer; throws where it is not framed as OpenAI frames it. */
function payloads(text: string): string[] {
  const events = text.split('\n\n')
  expect(events.pop()).toBe('')
  return events.map((event) => {
    expect(event.startsWith('data: ')).toBe(true)
    return event.slice(6)
  })
}

function chunksOf(text: string): ChatChunk[] {
  const events = payloads(text)
  expect(events.pop()).toBe('[DONE]')
  return events.map((event) => JSON.parse(event) as ChatChunk)
}

const messages = [
  { role: 'system', content: 'Repeat after me.' },
  { role: 'user', content: 'first' },
  { role: 'assistant', content: 'first' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'Say  hello\n' },
      { type: 'image_url', image_url: { url: 'x' } },
      { type: 'text', text: 'world' },
    ],
  },
]

describe('POST /v1/chat/completions', () => {
  it('answers the last user message', async () => {
    const { status, headers, text } = await ask('/v1/chat/completions', { model: 'echo', messages })
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(text) as ChatCompletion).toMatchObject({
      id: 'chatcmpl-id-1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'echo',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Say  hello\nworld', refusal: null },
          finish_reason: 'stop',
          logprobs: null,
        },
      ],
      usage: { prompt_tokens: 8, completion_tokens: 3, total_tokens: 11 },
    })
  })

  it('streams it word by word: role first, finish last, then the end', async () => {
    const { headers, text } = await ask('/v1/chat/completions', { model: 'echo', messages, stream: true })
    expect(headers['content-type']).toBe('text/event-stream')
    const chunks = chunksOf(text)
    const choices = chunks.map(({ choices: [choice] }) => [choice?.delta, choice?.finish_reason])
    expect(choices).toEqual([
      [{ role: 'assistant', content: '', refusal: null }, null],
      [{ content: 'Say  ' }, null],
      [{ content: 'hello\n' }, null],
      [{ content: 'world' }, null],
      [{}, 'stop'],
    ])
    for (const chunk of chunks) {
      expect(chunk).toMatchObject({
        id: 'chatcmpl-id-1',
        object: 'chat.completion.chunk',
        created: 1_700_000_000,
      })
      expect(chunk).not.toHaveProperty('usage')
    }
  })

  it('adds usage to a stream where it was asked for', async () => {
    const body = { model: 'echo', messages, stream: true, stream_options: { include_usage: true } }
    const chunks = chunksOf((await ask('/v1/chat/completions', body)).text)
    const last = chunks.pop()
    expect(last?.choices).toEqual([])
    expect(last?.usage).toMatchObject({ prompt_tokens: 8, completion_tokens: 3, total_tokens: 11 })
    for (const chunk of chunks) expect(chunk.usage).toBeNull()
  })

  it('gives any text back as it was, streamed', async () => {
    const property = fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (content) => {
      const body = { model: 'echo', messages: [{ role: 'user', content }], stream: true }
      const chunks = chunksOf((await ask('/v1/chat/completions', body)).text)
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(content)
    })
    await fc.assert(property, { numRuns: 50 })
  })

  it.each([
    ['no message of a user', [{ role: 'system', content: 'x' }]],
    ['a message without content', [{ role: 'user' }]],
    ['messages that are none', [null, 7]],
  ])('answers nothing to %s', async (_name, given) => {
    const { text } = await ask('/v1/chat/completions', { model: 'echo', messages: given })
    expect((JSON.parse(text) as ChatCompletion).choices[0]?.message.content).toBe('')
  })
})

describe('POST /v1/completions', () => {
  it('answers every prompt', async () => {
    const { text } = await ask('/v1/completions', { model: 'echo', prompt: ['one two', 'three'] })
    expect(JSON.parse(text)).toMatchObject({
      id: 'cmpl-id-1',
      object: 'text_completion',
      choices: [
        { text: 'one two', index: 0, logprobs: null, finish_reason: 'stop' },
        { text: 'three', index: 1, logprobs: null, finish_reason: 'stop' },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 },
    })
  })

  it('streams', async () => {
    const body = { model: 'echo', prompt: 'one two', stream: true, stream_options: { include_usage: true } }
    const events = payloads((await ask('/v1/completions', body)).text)
    expect(events.pop()).toBe('[DONE]')
    const chunks = events.map((event) => JSON.parse(event) as { choices: unknown[]; usage: unknown })
    expect(chunks.pop()).toMatchObject({ choices: [], usage: { total_tokens: 4 } })
    expect(chunks.map(({ choices }) => choices)).toEqual([
      [{ text: 'one ', index: 0, logprobs: null, finish_reason: null }],
      [{ text: 'two', index: 0, logprobs: null, finish_reason: null }],
      [{ text: '', index: 0, logprobs: null, finish_reason: 'stop' }],
    ])
  })
})

describe('POST /v1/embeddings', () => {
  async function embed(body: Record<string, unknown>): Promise<EmbeddingsResponse> {
    const { status, text } = await ask('/v1/embeddings', { model: 'echo', ...body })
    expect(status).toBe(200)
    return JSON.parse(text) as EmbeddingsResponse
  }

  it('answers vectors of length one, the same for the same text', async () => {
    const { data, usage } = await embed({ input: ['some text', 'other text', 'some text'] })
    const vectors = data.map(({ embedding }) => embedding as number[])
    for (const vector of vectors) {
      expect(vector).toHaveLength(256)
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
    }
    expect(vectors[0]).toEqual(vectors[2])
    expect(vectors[0]).not.toEqual(vectors[1])
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(usage).toEqual({ prompt_tokens: 6, total_tokens: 6 })
  })

  it('honours dimensions, and says the same in base64', async () => {
    const [asNumbers] = (await embed({ input: 'text', dimensions: 7 })).data
    const [asText] = (await embed({ input: 'text', dimensions: 7, encoding_format: 'base64' })).data
    const bytes = Buffer.from(String(asText?.embedding), 'base64')
    const decoded = Array.from({ length: 7 }, (_, index) => bytes.readFloatLE(index * 4))
    expect(bytes).toHaveLength(28)
    expect(decoded).toEqual(asNumbers?.embedding)
  })

  it('takes tokens and lists of tokens', async () => {
    expect((await embed({ input: [1, 2, 3] })).data).toHaveLength(1)
    const { data, usage } = await embed({ input: [[1, 2], [3]] })
    expect(data).toHaveLength(2)
    expect(usage.prompt_tokens).toBe(3)
  })

  it.each([
    { input: [] },
    { input: 7 },
    { input: [[]] },
    { input: 'x', dimensions: 0 },
    { input: 'x', dimensions: 1e9 },
  ])('refuses %j', async (body) => {
    expect((await ask('/v1/embeddings', { model: 'echo', ...body })).status).toBe(400)
  })
})

describe('the rest', () => {
  it('lists its model', async () => {
    const request = { method: 'GET' as const, url: 'internal://echo/v1/models', headers: {}, body: null }
    const exchange = await echo.dispatch(request, options())
    expect(JSON.parse((await readAll(exchange)).text)).toMatchObject({
      object: 'list',
      data: [{ id: 'echo' }],
    })
  })

  it.each([
    ['/v1/chat/completions', { model: 'echo' }, 400],
    ['/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }] }, 400],
    ['/v1/completions', { model: 'echo', prompt: [[1]] }, 400],
    ['/v1/chat/completions', [], 400],
    ['/v1/audio', {}, 404],
    ['/v1/constructor', {}, 404],
  ])('answers %s with %j by an error', async (path, body, status) => {
    const answered = await ask(path, body)
    expect(answered.status).toBe(status)
    expect(JSON.parse(answered.text)).toMatchObject({
      error: { type: 'invalid_request_error', code: null, message: expect.any(String) },
    })
  })

  it.each([null, 'not json', new Uint8Array([0xff])])(
    'answers a body that is no JSON by an error',
    async (body) => {
      const exchange = await echo.dispatch({ ...to('/v1/embeddings', {}), body }, options())
      expect(exchange.status).toBe(400)
    },
  )
})

describe('its exchange', () => {
  const body = { model: 'echo', messages: [{ role: 'user', content: 'a b c d e f g' }], stream: true }

  function start(delayMs: number) {
    const time = createFakeTime()
    const slow = createEcho({ delayMs, clock: time.clock, timers: time.timers })
    return { time, dispatch: (given = options()) => slow.dispatch(to('/v1/chat/completions', body), given) }
  }

  it('lets time pass between words', async () => {
    const { time, dispatch } = start(100)
    const exchange = await dispatch()
    const reading = createReading(() => exchange.event())
    exchange.read(reading)
    for (let count = 0; count < 5; count++) {
      expect(reading.chunks).toHaveLength(count)
      time.advance(100)
    }
    time.advance(10_000)
    expect(await reading.ended).toBeNull()
    expect(time.pending).toBe(0)
  })

  it('pauses and goes on', async () => {
    const { time, dispatch } = start(100)
    const exchange = await dispatch()
    const reading = createReading()
    exchange.read(reading)
    time.advance(250)
    exchange.pause()
    time.advance(5_000)
    expect(reading.chunks).toHaveLength(2)
    exchange.resume()
    exchange.resume()
    time.advance(100)
    expect(reading.chunks).toHaveLength(3)
  })

  it('pauses without a delay, too', async () => {
    const exchange = await echo.dispatch(to('/v1/chat/completions', body), options())
    const reading = createReading(() => {
      exchange.pause()
      setImmediate(() => exchange.resume())
    })
    exchange.read(reading)
    expect(await reading.ended).toBeNull()
    expect(chunksOf(reading.text())).toHaveLength(9)
  })

  it('is aborted', async () => {
    const { time, dispatch } = start(100)
    const exchange = await dispatch()
    const reading = createReading()
    exchange.read(reading)
    time.advance(250)
    exchange.abort()
    time.advance(60_000)
    expect(reading.chunks).toHaveLength(2)
    expect(reading.hasEnded).toBe(false)
    expect(time.pending).toBe(0)
  })

  it('is aborted by its signal, read already or not', async () => {
    for (const readsFirst of [true, false]) {
      const { time, dispatch } = start(100)
      const left = new AbortController()
      const exchange = await dispatch(options({ signal: left.signal }))
      const reading = createReading()
      if (readsFirst) exchange.read(reading)
      time.advance(50)
      left.abort()
      if (!readsFirst) exchange.read(reading)
      await until('it has ended', () => reading.hasEnded)
      expect(await reading.ended).toMatchObject({ code: 'upstream_error', reason: null })
    }
    const error = await failureOf(
      start(0).dispatch(options({ signal: AbortSignal.abort(new Error('left')) })),
    )
    expect(error.message).toBe('left')
  })

  it('keeps its deadlines', async () => {
    const { time, dispatch } = start(100)
    const exchange = await dispatch(
      options({ deadlines: { connectMs: 10, firstEventMs: 1_000, idleMs: 1_000, totalMs: 300 } }),
    )
    const reading = createReading()
    exchange.read(reading)
    time.advance(60_000)
    expect(await reading.ended).toMatchObject({ code: 'upstream_timeout' })
    expect(reading.chunks.length).toBeLessThan(4)
  })
})

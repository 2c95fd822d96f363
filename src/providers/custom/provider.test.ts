import { afterAll, describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../core/openai.ts'
import type { Call } from '../../core/provider.ts'
import { providerSuite } from '../contract.suite.ts'
import { embeddingsCall } from '../testing/calls.ts'
import { chatCall } from '../testing/chat-call.ts'
import { runStream } from '../testing/drive-stream.ts'
import {
  answerCases,
  customConnection,
  embeddingCases,
  ndjson,
  plain,
  moreRequestCases,
  requestCases,
  sse,
  vectors,
} from './cases.suite.ts'
import { createCustom } from './provider.ts'
import type { CustomTemplate } from './template.ts'

const provider = createCustom()
afterAll(() => provider.close())

const { chat, embeddings } = provider.operations
if (chat === undefined || embeddings === undefined) throw new Error('it has both')

const messages: ChatRequest['messages'] = [{ role: 'user', content: 'Hi' }]
const callBy = (template: CustomTemplate, body: Partial<ChatRequest> = {}) =>
  chatCall({ connection: customConnection(template), body: { messages, ...body } })
const answered = (body: unknown) => [{ status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) }]
const sseBytes = (...events: unknown[]) =>
  Buffer.from(
    events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join(''),
  )
const lineBytes = (...events: unknown[]) =>
  Buffer.from(events.map((event) => JSON.stringify(event)).join('\n'))

const tokens = { prompt: 3, generated: 2 }
const counted = { input: 3, output: 2, cachedInput: 0, cacheWrite: 0, reasoning: 0 }
const pieces = [{ piece: 'Hel' }, { piece: 'lo' }]
const streamed = { text: 'Hello', finishReason: 'stop' }

providerSuite({
  name: 'custom',
  provider,
  fixtures: {
    streams: [
      {
        name: 'SSE, with usage in its last event',
        call: callBy(sse, { stream: true, stream_options: { include_usage: true } }),
        bytes: sseBytes(...pieces, { last: true, tokens }),
        expected: { ...streamed, usage: counted },
      },
      {
        name: 'lines, the last without its end',
        call: callBy(ndjson, { stream: true }),
        bytes: lineBytes(...pieces, { last: true }),
        expected: streamed,
      },
      {
        name: 'SSE that ends as OpenAI does',
        call: callBy(sse, { stream: true }),
        bytes: sseBytes(...pieces, '[DONE]'),
        expected: streamed,
      },
      {
        name: 'an error in mid-stream',
        call: callBy(sse, { stream: true }),
        bytes: sseBytes(pieces[0], { failure: { message: 'the machine fell over' } }),
        expected: { text: 'Hel' },
        failure: { code: 'upstream_error', reason: 'provider_down' },
      },
    ],
    answers: [
      {
        name: 'a text with its usage',
        call: callBy(plain),
        responses: answered({ generations: [{ text: 'Hello' }], end: 'eos', tokens }),
        expected: { text: 'Hello', finishReason: 'stop', usage: counted },
      },
    ],
    errors: [
      {
        name: 'a refused key',
        status: 401,
        body: '{"message": "no such key"}',
        expected: { code: 'upstream_auth_failed', reason: 'authentication' },
      },
      {
        name: 'a limit',
        status: 429,
        headers: { 'retry-after': '7' },
        body: '{"error": {"message": "slow down"}}',
        expected: { code: 'rate_limit_exceeded', reason: 'rate_limit', retryAfterMs: 7000 },
      },
      {
        name: "the request's own fault",
        status: 422,
        body: '{"detail": "prompt is empty"}',
        expected: { code: 'invalid_request', status: 422, message: 'prompt is empty', reason: null },
      },
      {
        name: 'a failure in HTML',
        status: 503,
        body: '<h1>Unavailable</h1>',
        expected: { code: 'upstream_error', reason: 'provider_down' },
      },
    ],
  },
})

describe('requests by a template', () => {
  it.each([...requestCases, ...moreRequestCases])('$name', async ({ template, body, expected }) => {
    const { requests, dropped } = await chat.buildRequests(callBy(template, body))
    const [request] = requests
    expect([requests.length, dropped]).toEqual([1, []])
    const sent = typeof request?.body === 'string' ? (JSON.parse(request.body) as unknown) : null
    expect(sent).toEqual(expected.body)
    const { body: _body, ...shape } = expected
    expect(request).toMatchObject(shape)
    expect(request?.headers).toEqual(expected.headers ?? request?.headers)
  })

  it('have the overrides of their connection laid over them', async () => {
    const overrides = { set: { tier: 'gold' }, drop: ['stream'], headers: { 'X-Team': 'blue' } }
    const call = chatCall({ connection: customConnection(plain, { overrides }), body: { messages } })
    const [request] = (await chat.buildRequests(call)).requests
    expect(JSON.parse(String(request?.body))).toEqual({
      model: 'upstream-model',
      prompt: 'user: Hi',
      tier: 'gold',
    })
    expect(request?.headers).toMatchObject({ 'x-team': 'blue' })
  })

  const tools: ChatRequest['tools'] = [{ type: 'function', function: { name: 'weather' } }]
  const { tool_calls: _calls, ...textOnly } = plain.response
  it.each<[string, CustomTemplate, Partial<ChatRequest>, string]>([
    ['several choices', plain, { n: 2 }, 'n'],
    ['probabilities', plain, { logprobs: true }, 'logprobs'],
    ['tools, where no calls are read', { ...plain, response: textOnly }, { tools }, 'tools'],
    ['tools in a stream, which has text alone', sse, { tools, stream: true }, 'tools'],
  ])('are refused for %s', async (_name, template, body, param) => {
    await expect(chat.buildRequests(callBy(template, body))).rejects.toMatchObject({
      code: 'unsupported_parameter',
      status: 400,
      param,
    })
  })

  it('that the template refuses are the client’s fault, and mark no connection', async () => {
    const template = { ...plain, request: '$error("one message is enough")' }
    await expect(chat.buildRequests(callBy(template))).rejects.toMatchObject({
      code: 'invalid_request',
      reason: null,
      message: expect.stringMatching(/`request` at character \d+: one message is enough/) as string,
    })
  })
})

describe('answers by a template', () => {
  it.each([...answerCases])('$name', async ({ answer, message, finish, usage }) => {
    const read = await chat.readResponse(answered(answer), callBy(plain))
    expect(read.body).toMatchObject({
      object: 'chat.completion',
      model: 'upstream-model',
      choices: [{ message, finish_reason: finish }],
    })
    expect(read.usage).toEqual(usage === null ? null : { ...counted, ...usage })
  })

  it('end in tool calls where no expression says otherwise', async () => {
    const { finish_reason: _finish, ...response } = plain.response
    const answer = answered({ calls: [{ tool: 'weather' }] })
    const { body } = await chat.readResponse(answer, callBy({ ...plain, response }))
    expect(body).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }] })
  })

  it.each<[string, unknown, RegExp]>([
    ['its own error', { failure: { message: 'out of memory' } }, /out of memory/],
    ['neither text nor calls', {}, /neither text nor tool calls/],
    ['a text that is none', { generations: [{ text: 1 }] }, /`response\.text`/],
    ['a call without a name', { calls: [{ id: 'a' }] }, /without a name/],
  ])('fail for %s', async (_name, answer, message) => {
    await expect(chat.readResponse(answered(answer), callBy(plain))).rejects.toMatchObject({
      status: 502,
      reason: 'provider_down',
      message: expect.stringMatching(message) as string,
    })
  })
})

describe('streams by a template', () => {
  const run = (template: CustomTemplate, bytes: Uint8Array) =>
    runStream({ translator: chat, call: callBy(template, { stream: true }), chunks: [bytes] })

  it('are none where the template has none', () => {
    expect(chat.streaming(customConnection(plain))).toEqual({ kind: 'none' })
    expect(chat.streaming(customConnection(ndjson))).toMatchObject({ kind: 'translate', framing: 'ndjson' })
  })

  it('without `done` are whole at the proper end of the body, if they had any text', async () => {
    const template: CustomTemplate = { ...sse, stream: { format: 'sse', delta: 'piece' } }
    const whole = await run(template, sseBytes(...pieces))
    expect(whole.error).toBeNull()
    expect(whole.events.at(-1)).toContain('"finish_reason":"stop"')
    expect((await run(template, sseBytes({}))).error).toMatchObject({ reason: 'network' })
  })

  it('may be of plain texts in SSE, not in lines', async () => {
    const stream = { format: 'sse', delta: '$type($) = "string" ? $' } as const
    expect((await run({ ...sse, stream }, sseBytes('Hello there'))).text).toContain('Hello there')
    const lines = await run({ ...sse, stream: { ...stream, format: 'ndjson' } }, Buffer.from('Hello there\n'))
    expect(lines.error).toMatchObject({ reason: 'provider_down' })
  })

  it('fail where an expression does', async () => {
    const template: CustomTemplate = { ...sse, stream: { format: 'sse', delta: '$number(piece)' } }
    const { error } = await run(template, sseBytes({ piece: 'x' }))
    expect(error).toMatchObject({
      reason: 'provider_down',
      message: expect.stringContaining('stream.delta') as string,
    })
  })
})

describe('embeddings by a template', () => {
  const callOf = (input: string | string[] | number[] | number[][], more = {}): Call =>
    embeddingsCall({ connection: customConnection(vectors), body: { input, ...more } })

  it('are asked for without the form that the client wants them in', async () => {
    const template = { ...vectors, request: '$' }
    const body = { input: 'a', encoding_format: 'base64' as const, dimensions: 2 }
    const call = embeddingsCall({ connection: customConnection(template), body })
    const [request] = (await embeddings.buildRequests(call)).requests
    expect(JSON.parse(String(request?.body))).toEqual({ model: 'upstream-model', input: 'a', dimensions: 2 })
  })

  it.each([...embeddingCases])('$name', async ({ input, answer, expected }) => {
    const read = Promise.resolve(embeddings.readResponse(answered(answer), callOf(input)))
    const body = read.then((response) => (response.body as { data: { embedding: number[] }[] }).data)
    const found = body.then(
      (data) => data.map(({ embedding }) => embedding),
      (error: unknown) => (error as { reason: unknown }).reason,
    )
    expect(await found).toEqual(expected ?? 'provider_down')
  })

  it('answer in base64 to those who want it, with their usage', async () => {
    const answer = answered({ items: [{ vector: [1, 2] }], tokens: 5 })
    const read = await embeddings.readResponse(answer, callOf('a', { encoding_format: 'base64' }))
    expect(read.body).toMatchObject({ data: [{ embedding: 'AACAPwAAAEA=' }] })
    expect(read.usage).toMatchObject({ input: 5, output: 0 })
  })
})

describe('the provider', () => {
  it('probes what its kind of model does, and signs by headers', () => {
    const connection = customConnection(plain)
    expect(provider.probe(connection)).toMatchObject({ operation: 'chat', body: { max_tokens: 1 } })
    expect(provider.probe({ ...connection, kind: 'embedding' })).toMatchObject({ operation: 'embeddings' })
    expect(provider.signer(connection.credential)).toBe('custom-headers')
  })

  it('shows no secret to an expression: it sees the request, and a name in the header stays a name', async () => {
    const template = { ...plain, request: '{"all": $, "root": $$, "keys": $keys($), "env": process.env}' }
    const [request] = (await chat.buildRequests(callBy(template))).requests
    expect(JSON.stringify(request)).not.toContain('not-a-real-key')
    expect(request?.headers['authorization']).toBe('Bearer {{api_key}}')
    expect(Object.keys(JSON.parse(String(request?.body)) as object)).toEqual(['all', 'root', 'keys'])
  })
})

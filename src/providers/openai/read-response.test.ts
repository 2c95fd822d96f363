import { describe, expect, it } from 'vitest'
import type { Call, ReadResponse } from '../../core/provider.ts'
import { createProviders } from '../index.ts'
import { embeddingsCall } from '../testing/calls.ts'
import { chatCall } from '../testing/chat-call.ts'
import { answer } from './fixtures/answers.ts'
import { completion } from './fixtures/frames.ts'

const translator = createProviders().get('openai')?.operations.chat
const call = chatCall({ body: { messages: [{ role: 'user', content: 'hi' }] } })

function read(body: object | string, to: Call = call, headers = {}): ReadResponse {
  const result = translator?.readResponse([answer(body, headers)], to)
  if (result === undefined || result instanceof Promise) throw new Error('an answer was expected')
  return result
}

const failure = (properties: object) => expect.objectContaining(properties) as Error
const down = failure({ code: 'upstream_error', status: 502, reason: 'provider_down' })

describe('a whole answer', () => {
  it('passes through where nothing in it must change', () => {
    expect(read(completion({ content: 'x' })).body).toBeNull()
  })

  it('has its end in OpenAI’s words, and the rest as it was', () => {
    const ended = (finish_reason: string) =>
      completion({}, { choices: [{ index: 0, message: {}, finish_reason }], x: 1 })
    expect(read(ended('eos')).body).toEqual(ended('stop'))
  })

  it.each(['', ' ', null, undefined])('has `{}` where a tool call has no arguments: %j', (given) => {
    const called = (text: unknown) =>
      completion({
        content: '',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'now', arguments: text } }],
      })
    expect(read(called(given)).body).toEqual(called('{}'))
    expect(read(called('{}')).body).toBeNull()
    const custom = [{ id: 'a', type: 'custom', custom: { name: 'sql', input: '' } }]
    expect(read(completion({ tool_calls: custom })).body).toBeNull()
    expect(read(completion({ tool_calls: [] })).body).toBeNull()
  })

  it('has an id for each tool call, and a type, also where the host names none', () => {
    const called = (more: object) => ({ ...more, function: { name: 'now', arguments: '{}' } })
    const shown = (...calls: object[]) => completion({ content: null, tool_calls: calls })
    const made = (index: number) => ({
      id: `call_${call.id.replace('chatcmpl-', '')}_${index}`,
      type: 'function',
    })
    const known = { id: 'a', type: 'function' }
    expect(read(shown(called({}), called(known), called({ id: '' }))).body).toEqual(
      shown(called(made(0)), called(known), called(made(1))),
    )
    expect(read(shown(called(known))).body).toBeNull()
  })

  it('is there for those who asked for a stream of an upstream that has none', () => {
    const streaming = chatCall({ body: { messages: call.body.messages, stream: true } })
    expect(read(completion({ content: 'x' }), streaming).body).toEqual(completion({ content: 'x' }))
  })

  it.each([
    ['a page', '<html></html>'],
    ['nothing', ''],
    ['a list', '[]'],
    ['no choices', '{"choices":[]}'],
    ['choices of another kind', '{"choices":[1]}'],
    ['half a document', '{"choices":[{"ind'],
    [
      'an end that is a failure',
      JSON.stringify(completion({}, { choices: [{ index: 0, finish_reason: 'error' }] })),
    ],
    ['an error without words', '{"error":{"message":"overloaded","type":"server_error"}}'],
  ])('is a failure of the provider where it is %s', (_, body) => {
    expect(() => read(body)).toThrow(down)
  })

  it('tells an error that came with a 200', () => {
    const limited = { error: { message: 'Slow down, try again in 3s.', code: 'rate_limit_exceeded' } }
    expect(() => read(limited)).toThrow(failure({ status: 429, reason: 'rate_limit', retryAfterMs: 3000 }))
    expect(() => read(limited, call, { 'retry-after': '9' })).toThrow(failure({ retryAfterMs: 9000 }))
    const refused = {
      error: { message: 'Bad image.', type: 'invalid_request_error', param: 'messages', code: null },
    }
    expect(() => read(refused)).toThrow(
      failure({ status: 400, reason: null, message: 'Bad image.', param: 'messages' }),
    )
  })

  it.each<[string, object, object]>([
    [
      'OpenAI',
      {
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 1 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
      { cachedInput: 4, cacheWrite: 1, reasoning: 2 },
    ],
    ['DeepSeek', { prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 7 }, { cachedInput: 4 }],
    ['Writer', { prompt_token_details: { cached_tokens: 4 } }, { cachedInput: 4 }],
    ['Perplexity', { reasoning_tokens: 2 }, { reasoning: 2 }],
    [
      'xAI, whose output leaves reasoning out',
      { total_tokens: 19, completion_tokens_details: { reasoning_tokens: 3 } },
      { output: 8, reasoning: 3 },
    ],
    ['nobody, with nonsense', { prompt_tokens: -4, completion_tokens: 'x' }, { input: 0, output: 0 }],
  ])('counts usage as %s writes it', (_, more, expected) => {
    const usage = { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16, ...more }
    expect(read(completion({ content: 'x' }, { usage })).usage).toMatchObject(expected)
  })

  it('has no usage where none was stated', () => {
    for (const usage of [undefined, null, {}, 'x', []])
      expect(read(completion({ content: 'x' }, { usage })).usage).toBeNull()
  })
})

describe('embeddings', () => {
  const vector = [0.1, -0.5, 1]
  const encoded = 'zczMPQAAAL8AAIA/'
  const list = (...embeddings: unknown[]) => ({
    object: 'list',
    model: 'm',
    data: embeddings.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    usage: { prompt_tokens: 2, total_tokens: 2 },
  })
  const asked = (encoding_format?: 'float' | 'base64', input: string | string[] | number[] = 'a') =>
    embeddingsCall({ body: { input, ...(encoding_format && { encoding_format }) } })

  it('pass through in the form that was asked for', () => {
    expect(read(list(encoded), asked('base64')).body).toBeNull()
    for (const format of [undefined, 'float'] as const)
      expect(read(list(vector), asked(format)).body).toBeNull()
  })

  it('are encoded, and decoded, where the upstream ignored the form', () => {
    expect(read(list(vector), asked('base64')).body).toEqual(list(encoded))
    const decoded = read(list(encoded), asked()).body as ReturnType<typeof list>
    const numbers = decoded.data[0]?.embedding as number[]
    expect(numbers.map((value) => Number(value.toFixed(6)))).toEqual(vector)
  })

  it('are one for each input', () => {
    expect(read(list(vector), asked('float', [1, 2, 3])).usage).toMatchObject({ input: 2 })
    expect(read(list(vector, vector), asked('float', ['a', 'b'])).body).toBeNull()
    for (const bad of [
      list(),
      list(vector, vector),
      list('x'),
      list(null),
      list(['a', 'b']),
      { data: 7 },
      list('AAA='),
    ]) {
      expect(() => read(bad, asked('base64', ['a', 'b', 'c']))).toThrow(down)
    }
    for (const bad of [
      '',
      'AAA=',
      'zczMP',
      'zc zMPQAA',
      'zczM-QAA',
      'AADAfw==',
      null,
      7,
      {},
      [],
      ['a'],
      [[1]],
    ])
      expect(() => read(list(bad), asked())).toThrow(down)
    for (const bad of [['a'], [], 'AAA=', 'not base64, though a text']) {
      expect(() => read(list(bad), asked('base64'))).toThrow(down)
    }
  })
})

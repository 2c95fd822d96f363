import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../core/errors.ts'
import type { Operation } from '../core/openai.ts'
import { outlinedBytes, parseRequest } from './parse-request.ts'

const chat = (body: object, path: string | null = null) =>
  parseRequest(
    Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }], ...body })),
    'chat',
    path,
  )

describe('parseRequest', () => {
  it('parts the model from the connection', () => {
    expect(chat({ model: 'org/gpt:4#prod-key-2' })).toMatchObject({
      modelName: 'org/gpt:4',
      connectionName: 'prod-key-2',
    })
    expect(chat({ model: 'gpt' })).toMatchObject({ modelName: 'gpt', connectionName: null })
    expect(chat({ model: 'ignored' }, 'from-path')).toMatchObject({ modelName: 'from-path' })
  })

  it('knows whether a stream and its usage are asked for', () => {
    const stream_options = { include_usage: true }
    expect(chat({ stream: true, stream_options })).toMatchObject({ stream: true, includeUsage: true })
    expect(chat({ stream: true })).toMatchObject({ stream: true, includeUsage: false })
    expect(chat({ stream: null, stream_options })).toMatchObject({ stream: false, includeUsage: false })
  })

  it('reads a large body as any other, and keeps nothing of the bytes it was looked through in', () => {
    const content = 'é\n"x"'.repeat(20_000)
    const tool_calls = [{ function: { arguments: content } }]
    const body = {
      model: 'm#one',
      messages: [
        { role: 'user', content },
        { role: 'assistant', tool_calls },
      ],
      n: 2,
    }
    const whole = Buffer.from(JSON.stringify(body))
    const pieces = [whole.subarray(0, 70_001), whole.subarray(70_001, 140_002), whole.subarray(140_002)]
    const scratch = Buffer.from(whole)
    const request = parseRequest(scratch, 'chat', null, pieces)
    scratch.fill(0)
    expect(request).toMatchObject({ modelName: 'm', connectionName: 'one', operation: 'chat' })
    expect(request.body).toEqual(body)
    expect(request.raw.pieces).toBe(pieces)
  })

  it('refuses in a large body what it refuses in any other', () => {
    const content = 'x'.repeat(outlinedBytes)
    const refusal = (text: string) => {
      try {
        return parseRequest(Buffer.from(text), 'chat', null)
      } catch (error) {
        return (error as GatewayError).code + ((error as GatewayError).param ?? '')
      }
    }
    const message = `{"role":"user","content":"${content}"}`
    expect(refusal(`{"model":"m","messages":[${message}],}`)).toBe('invalid_json')
    expect(refusal(`{"model":"m","messages":[${message} 1]}`)).toBe('invalid_json')
    expect(refusal(`{"model":"m","messages":[{"role":"user","content":"${content}\t"}]}`)).toBe(
      'invalid_json',
    )
    expect(refusal(`{"model":"m","messages":[{"role":"user","content":"${content}\\x"}]}`)).toBe(
      'invalid_json',
    )
    expect(refusal(`{"model":"m","messages":[{"role":"${content}"}]}`)).toBe(
      'invalid_requestmessages[0].role',
    )
    expect(refusal(`{"model":"${content}","messages":[${message}]}`)).toBe('invalid_requestmodel')
    expect(refusal(`{"model":"m","m\\u006fdel":"n","messages":[${message}]}`)).toBe('invalid_requestmodel')
  })

  it.each([
    ['1000 members', Array.from({ length: 1000 }, (_, index) => `"k${index}":1`).join(',')],
    ['100000 members, lists and objects', `"k":[${'{},'.repeat(100_000)}{}]`],
    ['1000000 values', `"k":[${'1,'.repeat(1_000_001)}1]`],
  ])('refuses more than any request has: %s', (most, members) => {
    const text = `{"model":"m","messages":[{"role":"user","content":"x"}],${members}}`
    const message = `The request body has more than ${most}.`
    expect(() => parseRequest(Buffer.from(text), 'chat', null)).toThrow(
      expect.objectContaining({ code: 'invalid_request', status: 400, message }),
    )
  })

  it('refuses bytes that are not UTF-8', () => {
    const broken = Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xff]), Buffer.from('"}')])
    expect(() => parseRequest(broken, 'chat', null)).toThrow(
      expect.objectContaining({ code: 'invalid_json' }),
    )
  })

  it.each([
    ['embeddings', { model: 'm', input: [] }],
    ['embeddings', { model: 'm', input: ['a', 1] }],
    ['embeddings', { model: 'm', input: [[]] }],
    ['embeddings', { model: 'm', input: 'a', dimensions: 0 }],
    ['embeddings', { model: 'm', input: 'a', encoding_format: 'hex' }],
    ['completions', { model: 'm', prompt: {} }],
    ['chat', { model: 'm', messages: [{ role: 'user', content: [{}] }] }],
    ['chat', { model: 'm', messages: [{ role: 'user', content: 'x' }], tools: [1] }],
  ] as [Operation, object][])('names the field at fault: %s %j', (operation, body) => {
    const parse = () => parseRequest(Buffer.from(JSON.stringify(body)), operation, null)
    expect(parse).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: expect.any(String) as string }),
    )
  })

  it('throws nothing but a refusal, whatever comes', () => {
    const text = fc.oneof(
      fc.json(),
      fc.string(),
      fc.json().map((json) => `{"model":"m","messages":${json}}`),
    )
    const operation = fc.constantFrom<Operation>('chat', 'completions', 'embeddings')
    fc.assert(
      fc.property(text, operation, (body, which) => {
        expect(refusalOf(() => parseRequest(Buffer.from(body), which, null))).toBe(true)
      }),
    )
  })
})

/** Whether it succeeds, or throws what a client may be told. */
function refusalOf(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch (error) {
    return error instanceof GatewayError
  }
}

import { afterAll, describe, expect, it } from 'vitest'
import type { ModelKind } from '../../core/entities.ts'
import { ndjson, plain, sse, vectors } from './cases.suite.ts'
import { createCustom } from './provider.ts'
import type { CustomTemplate } from './template.ts'

const provider = createCustom()
afterAll(() => provider.close())

const check = (template: CustomTemplate, kind: ModelKind = 'chat') =>
  provider.checkTemplate(template as unknown as Record<string, unknown>, kind)

describe('checkTemplate', () => {
  it.each<[string, CustomTemplate, ModelKind]>([
    ['chat', plain, 'chat'],
    ['a stream of SSE', sse, 'chat'],
    ['a stream of lines', ndjson, 'chat'],
    ['embeddings', vectors, 'embedding'],
  ])('finds nothing wrong with %s', async (_name, template, kind) => {
    expect(await check(template, kind)).toEqual([])
  })

  it.each<[string, CustomTemplate, string, number | null, RegExp]>([
    ['a syntax error', { ...plain, request: '{"a": model' }, 'request', 11, /at character 11: Expected/],
    ['a regular expression', { ...plain, request: '$contains(model, /a+/)' }, 'request', 21, /switched off/],
    ['a type error', { ...plain, request: '{"a": $number(model)}' }, 'request', 14, /Unable to cast/],
    ['no body at all', { ...plain, request: 'nothing' }, 'request', null, /comes to nothing/],
    [
      'no end',
      { ...plain, request: '($f := function(){ $f() + 1 }; $f())' },
      'request',
      22,
      /Stack overflow/,
    ],
    [
      'an answer’s expression',
      { ...plain, response: { ...plain.response, usage: { input: 'a', output: 'b +' } } },
      'response.usage.output',
      3,
      /end of expression/,
    ],
    [
      'a stream’s expression',
      { ...sse, stream: { ...sse.stream!, done: 'a ]' } },
      'stream.done',
      3,
      /Syntax error/,
    ],
  ])('names the expression and the place of %s', async (_name, template, place, position, message) => {
    const faults = await check(template)
    expect(faults).toMatchObject([{ path: place.split('.'), position }])
    expect(faults[0]?.message).toMatch(message)
    expect(faults[0]?.message.startsWith(`${place}: `)).toBe(true)
  })

  it('tells all faults at once, in the template’s order', async () => {
    const response = { text: '(', error: ')' }
    const faults = await check({ ...plain, request: '{', response, headers: { 'bad name': 'x' } })
    expect(faults.map(({ path }) => path.join('.'))).toEqual([
      'headers.bad name',
      'request',
      'response.text',
      'response.error',
    ])
  })

  it('asks for what each kind of model needs', async () => {
    const paths = async (template: CustomTemplate, kind: ModelKind) =>
      (await check(template, kind)).map(({ path }) => path.join('.'))
    expect(await paths({ ...plain, response: {} }, 'chat')).toEqual(['response.text'])
    expect(await paths({ ...sse, request: 'input' }, 'embedding')).toEqual(['response.embeddings', 'stream'])
  })

  it.each([
    ['x key', 'a'],
    ['Host', 'a'],
    ['content-length', '1'],
    ['x-key', 'a\r\nb: c'],
    ['x-key', '{{api key}}'],
    ['x-key', '{{'],
  ])('refuses the header %j: %j', async (name, value) => {
    const faults = await check({ ...plain, headers: { [name]: value } })
    expect(faults).toMatchObject([{ path: ['headers', name] }])
  })
})

import { describe, expect, it } from 'vitest'
import { chunk, done, finish, head, sse } from '../openai/fixtures/frames.ts'
import { eventsOf } from '../testing/drive-stream.ts'
import { createOpenAITap, type OpenAITapOptions } from './openai-tap.ts'

const role = chunk({ role: 'assistant', content: '' })
const known = { id: 'call_x', type: 'function' }
const hello = chunk({ content: 'hello' })

function run(bytes: Buffer, options: Partial<OpenAITapOptions> = {}) {
  const tap = createOpenAITap({ includeUsage: false, ...options })
  const outputs = [tap.push(bytes).output]
  const final = tap.end()
  const text = [...outputs, final.output].map((output) => output?.toString() ?? '').join('')
  return { final, text, events: eventsOf(text).map((event) => JSON.parse(event) as object) }
}

describe('a tool call without arguments', () => {
  const call = (index: number, fields: object, more: object = {}) =>
    chunk({ tool_calls: [{ index, ...more, function: fields }] })
  const begin = (index: number, name: string, given: unknown = '') =>
    call(index, { name, arguments: given }, { id: `call_${index}`, type: 'function' })
  const feed = (index: number, text: string) => call(index, { arguments: text })
  const empty = (index: number) => chunk({ tool_calls: [{ index, function: { arguments: '{}' } }] })
  const end = finish('tool_calls')

  it.each<[string, object[], object[]]>([
    ['alone', [begin(0, 'a'), end], [begin(0, 'a'), empty(0), end]],
    ['with null', [begin(0, 'a', null), end], [begin(0, 'a', null), empty(0), end]],
    ['with white space', [begin(0, 'a', ' '), end], [begin(0, 'a', ' '), empty(0), end]],
    [
      'with empty fragments',
      [begin(0, 'a'), feed(0, ''), feed(0, ''), end],
      [begin(0, 'a'), feed(0, ''), feed(0, ''), empty(0), end],
    ],
    [
      'before another',
      [begin(0, 'a'), begin(1, 'b'), feed(1, '{"x":1}'), end],
      [begin(0, 'a'), empty(0), begin(1, 'b'), feed(1, '{"x":1}'), end],
    ],
    [
      'before a whole one',
      [begin(0, 'a'), begin(1, 'b', '{"x":1}'), end],
      [begin(0, 'a'), empty(0), begin(1, 'b', '{"x":1}'), end],
    ],
    [
      'after another',
      [begin(0, 'a'), feed(0, '{"x":1}'), begin(1, 'b'), end],
      [begin(0, 'a'), feed(0, '{"x":1}'), begin(1, 'b'), empty(1), end],
    ],
    [
      'before text',
      [begin(0, 'a'), begin(1, 'b'), hello, end],
      [begin(0, 'a'), empty(0), begin(1, 'b'), hello, empty(1), end],
    ],
    [
      'several times',
      [begin(0, 'a'), begin(1, 'b'), begin(2, 'c'), end],
      [begin(0, 'a'), empty(0), begin(1, 'b'), empty(1), begin(2, 'c'), empty(2), end],
    ],
  ])('is given `{}`: %s', (_, sent, shown) => {
    const { events, final } = run(sse([role, ...sent, done]))
    expect(events).toEqual([role, ...shown])
    expect(final.error).toBeNull()
  })

  it('is given `{}` in its own chunk where that ends the answer too', () => {
    const whole = (given: string) =>
      chunk(
        {},
        {
          choices: [
            {
              index: 0,
              delta: { tool_calls: [{ index: 0, ...known, function: { name: 'a', arguments: given } }] },
              finish_reason: 'tool_calls',
            },
          ],
        },
      )
    expect(run(sse([role, whole('')])).events).toEqual([role, whole('{}')])
  })

  it('is told apart by its choice', () => {
    const of = (index: number, delta: object, finish_reason: string | null = null) => ({
      ...head,
      choices: [{ index, delta, finish_reason }],
    })
    const tool = (given: string) => ({
      role: 'assistant',
      tool_calls: [{ index: 0, ...known, function: { name: 'a', arguments: given } }],
    })
    const fill = { tool_calls: [{ index: 0, function: { arguments: '{}' } }] }
    const sent = [of(0, tool('{"x":1}')), of(1, tool('')), of(0, {}, 'tool_calls'), of(1, {}, 'tool_calls')]
    expect(run(sse(sent), { expectedFinishes: 2 }).events).toEqual(sent.toSpliced(3, 0, of(1, fill)))
    expect(run(sse([...sent.slice(0, 3), done]), { expectedFinishes: 2 }).events).toEqual([
      ...sent.slice(0, 3),
      of(1, fill),
    ])
  })

  it('is none where all calls are announced before their arguments', () => {
    const announced = [begin(0, 'a'), begin(1, 'b'), begin(2, 'c')]
    const bytes = sse([
      role,
      ...announced,
      feed(0, '{"x":'),
      feed(1, '{}'),
      feed(0, '1}'),
      feed(2, '[]'),
      end,
    ])
    expect(run(bytes).text).toBe(bytes.toString())
  })

  it('is left alone where the answer breaks off', () => {
    const bytes = sse([role, begin(0, 'a'), begin(1, 'b')])
    const cutOff = { code: 'upstream_error', reason: 'network' }
    expect(run(bytes)).toMatchObject({ text: bytes.toString(), final: { error: cutOff } })
  })

  it('is none of a custom tool, whose input may be empty', () => {
    const custom = chunk({
      tool_calls: [{ index: 0, id: 'c', type: 'custom', custom: { name: 'a', input: '' } }],
    })
    const bytes = sse([role, custom, end])
    expect(run(bytes).text).toBe(bytes.toString())
  })

  it("changes no byte of OpenAI's own, which sends `{}` itself", () => {
    const bytes = sse([
      role,
      begin(0, 'a'),
      feed(0, '{}'),
      begin(1, 'b'),
      feed(1, '{"x'),
      feed(1, '":1}'),
      end,
    ])
    expect(run(bytes).text).toBe(bytes.toString())
    const tap = createOpenAITap({ includeUsage: false })
    expect(tap.push(sse([role, hello])).real).toBe(true)
    expect(tap.push(bytes).output).toBe(bytes)
  })
})

describe('the id of a tool call', () => {
  const of = (...tool_calls: object[]) => chunk({ tool_calls })
  const named = (index: number, more: object = {}) => ({
    index,
    ...more,
    function: { name: 'f', arguments: '{}' },
  })
  const fragment = of({ index: 0, function: { arguments: ' ' } })
  const end = finish('tool_calls')

  it.each<[string, object]>([
    ['nothing', {}],
    ['null', { id: null, type: null }],
    ['nothing in it', { id: '', type: '' }],
  ])('is made where the host sends %s, and so is its type', (_, more) => {
    const { events } = run(sse([role, of(named(0, more)), fragment, of(named(1, more)), end]), {
      callId: 'chatcmpl-7',
    })
    const made = (index: number) => of(named(index, { id: `call_7_${index}`, type: 'function' }))
    expect(events).toEqual([role, made(0), fragment, made(1), end])
  })

  it('stays where there is one', () => {
    const bytes = sse([role, of(named(0, known)), fragment, end])
    expect(run(bytes, { callId: 'chatcmpl-7' }).text).toBe(bytes.toString())
  })
})

describe('the index of a tool call', () => {
  const entry = (id: string | null, name: string | null, text: string, index?: number | null) => ({
    ...(index === undefined ? {} : { index }),
    ...(id === null ? {} : { id, type: 'function' }),
    function: { ...(name === null ? {} : { name }), arguments: text },
  })
  const of = (...tool_calls: object[]) => chunk({ tool_calls })
  const end = finish('tool_calls')

  it.each<[string, object[], object[]]>([
    [
      'is each its own where the host gives every call the same',
      [of(entry('a', 'f', '{"x":1}', 0)), of(entry('b', 'g', '{}', 0)), of(entry('c', 'f', '{}', 0))],
      [of(entry('a', 'f', '{"x":1}', 0)), of(entry('b', 'g', '{}', 1)), of(entry('c', 'f', '{}', 2))],
    ],
    [
      'stays with the fragments of the last call under it',
      [of(entry('a', 'f', '{}', 0)), of(entry('b', 'g', '', 0)), of(entry(null, null, '{"y":2}', 0))],
      [of(entry('a', 'f', '{}', 0)), of(entry('b', 'g', '', 1)), of(entry(null, null, '{"y":2}', 1))],
    ],
    [
      'is counted where the host gives none',
      [
        of(entry('a', 'f', ''), entry('b', 'g', '{}')),
        of(entry('c', 'h', '')),
        of(entry(null, null, '{}', null)),
      ],
      [
        of(entry('a', 'f', '', 0), entry('b', 'g', '{}', 1)),
        of(entry('c', 'h', '', 2)),
        of(entry(null, null, '{}', 2)),
      ],
    ],
    [
      'is the same where every fragment has an id of its own, but no name',
      [of(entry('a', 'f', '', 0)), of(entry('b', null, '{"x"', 0)), of(entry('c', null, ':1}', 0))],
      [of(entry('a', 'f', '', 0)), of(entry('b', null, '{"x"', 0)), of(entry('c', null, ':1}', 0))],
    ],
    [
      'is the same where the id and the name come again',
      [of(entry('a', 'f', '{', 3)), of(entry('a', 'f', '}', 3))],
      [of(entry('a', 'f', '{', 3)), of(entry('a', 'f', '}', 3))],
    ],
  ])('%s', (_, sent, shown) => {
    const { events, final } = run(sse([role, ...sent, end]))
    const told = events.filter(
      (event) => !JSON.stringify(event).includes('"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]'),
    )
    expect(final.error).toBeNull()
    expect(told).toEqual([role, ...shown, end])
  })

  it('is bounded', () => {
    const calls = Array.from({ length: 600 }, (_none, index) => entry(`c${index}`, 'f', '{}', index))
    expect(run(sse([role, of(...calls), end])).final.error).toMatchObject({ reason: 'provider_down' })
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chunk, done, finish, head, sse, usage, usageChunk } from '../openai/fixtures/frames.ts'
import { eventsOf } from '../testing/drive-stream.ts'
import { createOpenAITap, type OpenAITapOptions } from './openai-tap.ts'

const role = chunk({ role: 'assistant', content: '' })
const hello = chunk({ content: 'hello' })

function run(bytes: Buffer, options: Partial<OpenAITapOptions> = {}) {
  const tap = createOpenAITap({ includeUsage: false, ...options })
  const step = tap.push(bytes)
  const final = tap.end()
  const text = [step.output, final.output]
    .map((output) => (output === null ? '' : output.toString()))
    .join('')
  return { step, final, text, events: eventsOf(text).map((event) => JSON.parse(event) as object) }
}

/** A tap that has seen a real event, so that the fast way is open. */
function running(options: Partial<OpenAITapOptions> = {}) {
  const tap = createOpenAITap({ includeUsage: false, ...options })
  expect(tap.push(sse([role, hello])).real).toBe(true)
  return tap
}

const cutOff = { code: 'upstream_error', reason: 'network' }
const down = { code: 'upstream_error', reason: 'provider_down' }

describe('the fast way', () => {
  it('forwards the chunk itself, without a copy', () => {
    const tap = running()
    for (const bytes of [
      sse([hello]),
      sse([hello, hello, hello]),
      sse([chunk({ content: 'x' }, { usage: null })]),
    ]) {
      expect(tap.push(bytes).output).toBe(bytes)
    }
  })

  it('parses nothing, whatever the printer of the JSON', () => {
    const tap = running()
    const { parse } = JSON
    let parsed = 0
    JSON.parse = (text: string) => {
      parsed++
      return parse(text) as unknown
    }
    try {
      for (const spaced of [false, true]) {
        const bytes = sse([chunk({ content: 'x' }, { usage: null, error: null })], { spaced })
        expect(tap.push(bytes).output).toBe(bytes)
      }
    } finally {
      JSON.parse = parse
    }
    expect(parsed).toBe(0)
  })

  it('leaves bytes as they are that a JSON printer would change', () => {
    const tap = running()
    const text = `data: {"id":"x","choices":[{"index":0,"delta":{"content":"\\u00e9 \\/ 1.0"},"finish_reason" : null}],"created":1.50e3}\n\n`
    expect(tap.push(Buffer.from(text)).output?.toString()).toBe(text)
  })

  it('is not fooled by text that looks like a member', () => {
    const fakes = [
      '"usage":{"prompt_tokens":1}',
      '{"error":{"message":"x"}}',
      '"finish_reason":"stop"',
      'data: [DONE]\n\n',
    ]
    const tap = running()
    for (const fake of fakes) {
      const bytes = sse([chunk({ content: fake }), chunk({ content: JSON.stringify({ fake }) })])
      const step = tap.push(bytes)
      expect(step).toMatchObject({ events: 2, finished: false })
      expect(step.output?.toString()).toBe(bytes.toString())
    }
    expect(tap.end()).toMatchObject({ usage: null, error: cutOff })
  })

  it('forwards whatever content there is, byte for byte', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (contents) => {
        const bytes = sse([...contents.map((content) => chunk({ content })), finish('stop')])
        const tap = running()
        expect(bytes.equals(tap.push(bytes).output as Buffer)).toBe(true)
        expect(tap.end().error).toBeNull()
      }),
      { verbose: true },
    )
  })
})

it('shows data of several lines in one', () => {
  const lines = `data: ${JSON.stringify(hello, null, 1).replaceAll('\n', '\ndata: ')}`
  const { events } = run(sse([role, lines, finish('stop')]))
  expect(events).toEqual([role, hello, finish('stop')])
})

describe('an event that is not whole', () => {
  it('is held back', () => {
    const tap = running()
    const bytes = sse([hello])
    for (const part of [bytes.subarray(0, 10), bytes.subarray(10, -1)]) {
      expect(tap.push(part)).toMatchObject({ output: null, events: 0 })
    }
    expect(tap.push(bytes.subarray(-1))).toMatchObject({ output: bytes, events: 1 })
  })

  it('never reaches the client, and a whole one before it does', () => {
    const { text, final } = run(Buffer.concat([sse([role, hello]), Buffer.from('data: {"id":"x","choi')]))
    expect(text).toBe(sse([role, hello]).toString())
    expect(final.error).toMatchObject(cutOff)
  })

  it('counts at the end where only its empty line is missing', () => {
    for (const tail of ['', '\n', '\r\n']) {
      const bytes = Buffer.from(`${sse([role]).toString()}data: ${JSON.stringify(finish('stop'))}${tail}`)
      expect(run(bytes).final.error).toBeNull()
      expect(run(bytes).events).toEqual([role, finish('stop')])
      expect(
        run(Buffer.from(`${sse([hello, finish('stop')]).toString()}data: [DONE]${tail}`)).final.error,
      ).toBeNull()
    }
  })

  it('is bounded', () => {
    const { final } = run(Buffer.alloc(200, 'data: x'), { maxEventBytes: 100 })
    expect(final.error).toMatchObject(down)
  })
})

describe('what is left out', () => {
  it("comments, the upstream's own end and all after it", () => {
    const { text, step, final } = run(sse([': hi', role, hello, ': ping', finish('stop'), done, hello]))
    expect(text).toBe(sse([role, hello, finish('stop')]).toString())
    expect(step).toMatchObject({ events: 3, finished: true })
    expect(final.error).toBeNull()
  })

  it('frames without choices, and events that are no chunks', () => {
    const filter = { ...head, choices: [], prompt_filter_results: [] }
    const others = [
      'event: ping\ndata: {"type":"ping"}',
      'data: {"type":"keepalive"}',
      'data: "x"',
      'data:',
      'data: {}',
    ]
    const bytes = sse([filter, role, ...others, hello, filter, ...others, finish('stop')])
    expect(run(bytes).events).toEqual([role, hello, finish('stop')])
    expect(run(bytes, { emptyChoices: 'forward' }).events).toEqual([
      filter,
      role,
      hello,
      filter,
      finish('stop'),
    ])
  })
})

describe('the first real event', () => {
  it.each([
    ['content', chunk({ content: 'x' })],
    ['content in parts', chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'x' }] }] })],
    ['reasoning_content', chunk({ content: null, reasoning_content: 'x' })],
    ['reasoning', chunk({ reasoning: 'x' })],
    ['a refusal', chunk({ refusal: 'no' })],
    ['a tool call', chunk({ tool_calls: [{ index: 0, id: 'c' }] })],
    ['an old function call', chunk({ function_call: { name: 'f' } })],
    ['text of completions', { ...head, choices: [{ index: 0, text: 'x', finish_reason: null }] }],
    ['a finish', finish('stop')],
  ])('is %s', (_, event) => {
    const tap = createOpenAITap({ includeUsage: false })
    expect(tap.push(sse([role, ': x'])).real).toBe(false)
    expect(tap.push(sse([event])).real).toBe(true)
  })

  it.each([
    ['a role', role],
    ['a role with null content', chunk({ role: 'assistant', content: null, refusal: null, tool_calls: [] })],
    ['empty text', { ...head, choices: [{ index: 0, text: '', finish_reason: null }] }],
    ['an empty finish', chunk({ content: '' }, { choices: [{ index: 0, delta: {}, finish_reason: '' }] })],
    ['a filter frame', { ...head, choices: [], prompt_filter_results: [] }],
    ['usage', usageChunk],
  ])('is not %s', (_, event) => {
    expect(createOpenAITap({ includeUsage: true }).push(sse([event]))).toMatchObject({
      real: false,
      events: 1,
    })
  })
})

describe('usage', () => {
  const counted = { input: 11, output: 5, cachedInput: 0, cacheWrite: 0, reasoning: 0 }
  const own = { ...usageChunk, system_fingerprint: 'fp' }
  const older = { ...own, usage: { ...usage, prompt_tokens: 1 } }

  it.each([
    ['in its own chunk', [role, hello, finish('stop'), own, done], own],
    ['in its own chunk, early', [role, own, hello, finish('stop')], own],
    ['beside the finish', [role, hello, finish('stop', { usage }), done], usageChunk],
    [
      'in every chunk',
      [role, { ...hello, usage: { ...usage, prompt_tokens: 1 } }, finish('stop', { usage })],
      usageChunk,
    ],
    ['in its own chunk, then newer beside the finish', [hello, older, finish('stop', { usage })], usageChunk],
    ['beside the finish, then in its own chunk', [hello, finish('stop', { usage }), own], own],
  ])('comes once, last, to those who asked: %s', (_, items, last) => {
    const asked = run(sse(items), { includeUsage: true })
    expect(asked.final).toMatchObject({ usage: counted, error: null })
    expect(asked.events.at(-1)).toEqual(last)
    expect(asked.text.match(/prompt_tokens/g)).toHaveLength(1)
    const plain = run(sse(items))
    expect(plain.final.usage).toEqual(counted)
    expect(plain.text).not.toContain('prompt_tokens')
  })

  it('that is null stays where it is', () => {
    const bytes = sse([chunk({ role: 'assistant' }, { usage: null }), hello, finish('stop', { usage: null })])
    for (const includeUsage of [true, false]) expect(run(bytes, { includeUsage }).text).toBe(bytes.toString())
  })

  it('is null beside choices for those who asked, and not there for the rest', () => {
    const items = [role, hello, finish('stop', { usage })]
    expect(run(sse(items), { includeUsage: true }).events).toContainEqual(finish('stop', { usage: null }))
    expect(run(sse(items)).events).toEqual([role, hello, finish('stop')])
  })

  it('is read from where Groq puts it, and there is no chunk where there was none', () => {
    const groq = finish('stop', { x_groq: { id: 'req', usage } })
    expect(run(sse([hello, groq])).final.usage).toEqual(counted)
    const none = run(sse([hello, finish('stop'), done]), { includeUsage: true })
    expect([none.final.usage, none.events.length]).toEqual([null, 2])
  })
})

describe('failures', () => {
  it.each<[string, object | string, object]>([
    ['OpenAI', { error: { message: 'x', type: 'server_error' } }, down],
    [
      'a rate',
      { error: { message: 'x', code: 'rate_limit_exceeded' } },
      { code: 'rate_limit_exceeded', status: 429 },
    ],
    ['a status', { error: { message: 'x', code: 503 } }, down],
    [
      'a bad request',
      { error: { message: 'x', code: 400 } },
      { code: 'invalid_request', status: 400, reason: null },
    ],
    [
      'old vLLM',
      { object: 'error', message: 'x', type: 'BadRequestError', code: 400 },
      { status: 400, message: 'x' },
    ],
    [
      'Groq',
      { ...head, choices: [], x_groq: { error: 'overloaded', id: 'x' } },
      { ...down, message: expect.stringContaining('overloaded') as string },
    ],
    [
      'Groq by event',
      'event: error\ndata: {"error":{"message":"x","status_code":429}}',
      { reason: 'rate_limit' },
    ],
    [
      'an error event in words',
      'event: error\ndata: upstream gone',
      { ...down, message: expect.stringContaining('upstream gone') as string },
    ],
    ['DeepSeek without resources', finish('insufficient_system_resource'), down],
    ['OpenRouter', { ...finish('error'), error: { code: 502, message: 'x' } }, down],
    ['no JSON', 'data: {{{"error"', down],
    ['half of a chunk in a whole event', 'data: {"id":"x","choices":[{"index":0,', down],
  ])('told by %s end the stream, after what came before', (_, item, error) => {
    for (const first of [[], [role, hello]]) {
      const { text, step, final } = run(sse([...first, item, hello, done]))
      expect(text).toBe(sse(first).toString())
      expect(step.finished).toBe(true)
      expect(final.error).toMatchObject(error)
    }
  })

  it('are not seen in an error that is null', () => {
    const bytes = sse([role, { ...hello, error: null }, finish('stop', { error: null })])
    expect(run(bytes)).toMatchObject({ text: bytes.toString(), final: { error: null } })
  })

  it.each([
    ['nothing', ''],
    ['a role', sse([role])],
    ['content', sse([role, hello])],
    ['[DONE] without a finish', sse([role, hello, done])],
    ['a page', '<html>\n\n</html>'],
  ])('are an end after %s', (_, bytes) => {
    expect(run(Buffer.from(bytes), { includeUsage: true }).final.error).toMatchObject(cutOff)
  })

  it('are one of two choices without its finish', () => {
    const options = { expectedFinishes: 2 }
    expect(run(sse([hello, finish('stop')]), options).final.error).toMatchObject(cutOff)
    expect(run(sse([hello, finish('stop'), done]), options).final.error).toBeNull()
  })

  it('are an answer that is no event stream', () => {
    const told = run(Buffer.from('{"error":{"message":"bad","type":"invalid_request_error"}}'))
    expect(told.final.error).toMatchObject({ code: 'invalid_request', status: 400, message: 'bad' })
    expect(run(Buffer.from(JSON.stringify({ choices: [] }))).final.error).toMatchObject(down)
  })
})

it('shows ends in OpenAI’s words', () => {
  const foreign = [finish('eos'), finish('model_length'), finish('')].map((item) => ({ ...item, extra: 1 }))
  const { events } = run(sse([hello, ...foreign]))
  const reasons = events.map(
    (event) => (event as { choices: { finish_reason: unknown }[] }).choices[0]?.finish_reason,
  )
  expect(reasons).toEqual([null, 'stop', 'length', null])
  expect(events.slice(1)).toMatchObject([{ extra: 1 }, { extra: 1 }, { extra: 1 }])
})

import { describe, expect, it } from 'vitest'
import type { ChatRequest, FunctionTool } from '../../core/openai.ts'
import type { StreamTranslator, WireEvent } from '../../core/provider.ts'
import { assembleStream } from '../testing/assemble.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { answerRules } from './answer-rules.ts'
import { openStream } from './stream.ts'

const tool: FunctionTool = { type: 'function', function: { name: 'weather' } }
const messages = [{ role: 'user' as const, content: 'Hi' }]
const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 }

function open(body: Partial<ChatRequest> = {}, modelName = 'us.anthropic.claude-opus-4-8'): StreamTranslator {
  const connection = testConnection({ provider: 'bedrock', modelName })
  const call = chatCall({ connection, body: { messages, stream: true, ...body } })
  return openStream(call, answerRules(call))
}

const event = (type: string, body: unknown): WireEvent => ({
  type,
  data: JSON.stringify(body),
  kind: 'event',
})
const delta = (index: number, part: unknown) =>
  event('contentBlockDelta', { contentBlockIndex: index, delta: part })
const start = (index: number, begun: unknown) =>
  event('contentBlockStart', { contentBlockIndex: index, start: begun })
const blockStop = (index: number) => event('contentBlockStop', { contentBlockIndex: index })
const stop = (stopReason: string) => event('messageStop', { stopReason })
const metadata = event('metadata', { usage, metrics: { latencyMs: 1 }, p: 'abc' })
const use = (index: number, name: string, ...inputs: string[]) => [
  start(index, { toolUse: { toolUseId: `id-${index}`, name } }),
  ...inputs.map((input) => delta(index, { toolUse: { input } })),
  blockStop(index),
]

/** What a client makes of these events. */
function run(stream: StreamTranslator, events: readonly WireEvent[]) {
  const chunks = events.flatMap((one) => {
    const made = stream.push(one)
    if (made instanceof Promise) throw new Error('this translator waits for nothing')
    return made
  })
  const end = stream.end()
  const all = [...chunks, ...end.chunks]
  const { usage: _, ...answer } = assembleStream(all.map((chunk) => JSON.stringify(chunk)))
  return { ...answer, chunks: all, end }
}

describe('openStream', () => {
  it('holds the finish back until the usage after it', () => {
    const stream = open()
    expect(run(stream, [delta(0, { text: 'Hi' }), stop('end_turn')]).end.usage).toBeNull()
    const second = open()
    const before = [event('messageStart', { role: 'assistant' }), delta(0, { text: 'Hi' }), stop('end_turn')]
    const chunks = before.flatMap((one) => second.push(one) as object[])
    expect(JSON.stringify(chunks)).not.toContain('"finish_reason":"stop"')
    expect(second.finished).toBe(false)
    expect(JSON.stringify(second.push(metadata))).toContain('"finish_reason":"stop"')
    expect(second.finished).toBe(true)
  })

  it('is a success without usage where the stream ends after its stop, and a failure before it', () => {
    const whole = run(open(), [delta(0, { text: 'Hi' }), stop('max_tokens')])
    expect(whole).toMatchObject({ text: 'Hi', finishReason: 'length', end: { error: null, usage: null } })
    const broken = run(open(), [delta(0, { text: 'Hi' }), blockStop(0)])
    expect(broken).toMatchObject({ finishReason: null, end: { error: { reason: 'provider_down' } } })
    expect(run(open(), []).end.error).toMatchObject({ reason: 'provider_down' })
  })

  it('keeps the usage that a later event without one does not state', () => {
    const events = [metadata, event('metadata', { trace: {} }), stop('end_turn')]
    expect(run(open(), events).end.usage).toMatchObject({ input: 1, output: 2 })
  })

  it('passes over padding, citations and events that are not known yet', () => {
    const events = [
      event('messageStart', { role: 'assistant', p: 'abcdefg' }),
      delta(0, { text: 'Hi' }),
      delta(0, { citation: { title: 'x' } }),
      event('somethingNew', { a: 1 }),
      { type: '', data: '', kind: 'event' as const },
      stop('end_turn'),
      metadata,
    ]
    expect(run(open(), events)).toMatchObject({ text: 'Hi', finishReason: 'stop', end: { error: null } })
  })

  it('gives signed reasoning back whole, though its block neither began nor ended', () => {
    const events = [
      delta(0, { reasoningContent: { text: 'Hm' } }),
      delta(0, { reasoningContent: { text: '.' } }),
      delta(0, { reasoningContent: { signature: 'c2ln' } }),
      delta(1, { text: 'Yes' }),
      delta(2, { reasoningContent: { redactedContent: 'ZGF0YQ==' } }),
      stop('end_turn'),
      metadata,
    ]
    const { chunks, reasoning, text } = run(open(), events)
    const blocks = chunks.flatMap(({ choices }) => choices[0]?.delta.thinking_blocks ?? [])
    expect({ reasoning, text }).toEqual({ reasoning: 'Hm.', text: 'Yes' })
    expect(blocks).toEqual([
      { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
      { type: 'redacted_thinking', data: 'ZGF0YQ==' },
    ])
  })

  it('gives every call an index of its own, whatever the block is called', () => {
    const { chunks, toolCalls } = run(open({ tools: [tool] }), [
      delta(0, { text: 'So' }),
      ...use(1, 'weather', '{"a"', ':1}'),
      ...use(4, 'weather'),
      stop('tool_use'),
      metadata,
    ])
    expect(toolCalls.map((call) => call.arguments)).toEqual(['{"a":1}', '{}'])
    const ids = chunks
      .flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])
      .flatMap(({ id }) => id ?? [])
    expect(ids).toEqual(['id-1', 'id-4'])
  })

  it('leaves out calls that the client forbade or did not offer', () => {
    const events = [delta(0, { text: 'So' }), ...use(1, 'weather', '{}'), stop('tool_use'), metadata]
    for (const body of [{}, { tools: [tool], tool_choice: 'none' as const }]) {
      expect(run(open(body), events)).toMatchObject({ text: 'So', toolCalls: [], finishReason: 'stop' })
    }
  })

  it('leaves out tools that AWS runs itself', () => {
    const events = [
      start(0, { toolUse: { toolUseId: 'a', name: 'nova_code_interpreter', type: 'server_tool_use' } }),
      delta(0, { toolUse: { input: '{"snippet":"1"}' } }),
      start(1, { toolResult: { toolUseId: 'a' } }),
      delta(1, { toolResult: [{ json: {} }], text: 'not shown' }),
      delta(2, { text: '1' }),
      stop('end_turn'),
      metadata,
    ]
    expect(run(open({ tools: [tool] }), events)).toMatchObject({
      text: '1',
      toolCalls: [],
      finishReason: 'stop',
    })
  })

  it('shows the input of the tool that stands for the answer as the answer', () => {
    const schema = { type: 'object', properties: { a: { type: 'number' } } }
    const body = { response_format: { type: 'json_schema' as const, json_schema: { name: 'x', schema } } }
    const events = [
      delta(0, { text: 'Here it is:' }),
      ...use(1, 'json', '{"a"', ':1}'),
      ...use(2, 'json', '{"a":2}'),
      stop('tool_use'),
      metadata,
    ]
    expect(run(open(body), events)).toMatchObject({ text: '{"a":1}', toolCalls: [], finishReason: 'stop' })
    const empty = [...use(1, 'json'), stop('tool_use'), metadata]
    expect(run(open(body), empty).text).toBe('{}')
  })

  it('takes the code fence from an answer that was to be JSON', () => {
    const events = '```json\n{"a":1}\n```'.split('').map((text) => delta(0, { text }))
    const body = { response_format: { type: 'json_object' as const } }
    expect(run(open(body), [...events, stop('end_turn'), metadata]).text).toBe('{"a":1}')
  })

  it.each([
    ['content_filtered', 'content_filter'],
    ['guardrail_intervened', 'content_filter'],
    ['model_context_window_exceeded', 'length'],
    ['stop_sequence', 'stop'],
    ['something_new', 'stop'],
  ])('reads the end %s as %s', (reason, finish) => {
    expect(run(open(), [delta(0, { text: 'x' }), stop(reason), metadata]).finishReason).toBe(finish)
  })

  it.each(['malformed_model_output', 'malformed_tool_use'])(
    'fails at %s, with no mark on the connection',
    (reason) => {
      const stream = open()
      expect(() => stream.push(stop(reason))).toThrow(expect.objectContaining({ status: 502, reason: null }))
      expect(stream.end().error).toMatchObject({ status: 502 })
    },
  )

  it('throws what an exception means, first or later', () => {
    const thrown: WireEvent = { type: 'throttlingException', data: '{"message":"slow"}', kind: 'exception' }
    expect(() => open().push(thrown)).toThrow(expect.objectContaining({ status: 429, reason: 'rate_limit' }))
    const error: WireEvent = { type: 'InternalFailure', data: '{"message":"broke"}', kind: 'error' }
    expect(() => open().push(error)).toThrow(expect.objectContaining({ reason: 'provider_down' }))
  })

  it('throws for an event that is not JSON', () => {
    const broken: WireEvent = { type: 'metadata', data: '{', kind: 'event' }
    expect(() => open().push(broken)).toThrow(expect.objectContaining({ reason: 'provider_down' }))
  })
})

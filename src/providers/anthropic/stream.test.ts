import { describe, expect, it } from 'vitest'
import type { ChatChunk } from '../../core/openai.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import {
  blockStart,
  blockStop,
  messageDelta,
  messageStart,
  messageStop,
  textBlock,
  thinkingBlock,
  toolBlock,
} from './fixtures/frames.ts'
import { createMessagesStream } from './stream.ts'

const connection = testConnection({ modelName: 'claude-sonnet-4-5' })
const call = chatCall({ body: { messages: [{ role: 'user', content: 'hi' }], stream: true }, connection })

/** The deltas of each event, and the stream itself. */
function translate(events: readonly { type: string }[]) {
  const stream = createMessagesStream(call, { kind: 'text' })
  const chunks: ChatChunk[] = []
  for (const event of events) {
    const pushed = stream.push({ type: event.type, data: JSON.stringify(event), kind: 'event' })
    if (pushed instanceof Promise) throw new Error('this translator does not wait')
    chunks.push(...pushed)
  }
  return { stream, chunks, deltas: chunks.map(({ choices }) => choices[0]?.delta) }
}

describe('createMessagesStream', () => {
  it('writes the chunks that OpenAI would, in its order', () => {
    const { chunks, stream } = translate([
      messageStart(),
      ...thinkingBlock(0, 'c2ln', 'hm'),
      ...textBlock(1, 'So: '),
      ...toolBlock(4, 'toolu_1', 'g', ''),
      ...toolBlock(5, 'toolu_2', 'f', '', '{"a":1}'),
      messageDelta('tool_use'),
      messageStop,
    ])
    expect(chunks.map(({ choices }) => choices[0])).toEqual(
      [
        { role: 'assistant', content: null },
        { reasoning_content: 'hm' },
        { thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 'c2ln' }] },
        { content: 'So: ' },
        {
          tool_calls: [{ index: 0, id: 'toolu_1', type: 'function', function: { name: 'g', arguments: '' } }],
        },
        { tool_calls: [{ index: 0, function: { arguments: '{}' } }] },
        {
          tool_calls: [{ index: 1, id: 'toolu_2', type: 'function', function: { name: 'f', arguments: '' } }],
        },
        { tool_calls: [{ index: 1, function: { arguments: '{"a":1}' } }] },
        {},
      ].map((delta, index) => ({ index: 0, delta, finish_reason: index === 8 ? 'tool_calls' : null })),
    )
    for (const chunk of chunks) {
      expect(chunk).toMatchObject({ id: call.id, created: call.created, model: 'claude-sonnet-4-5-20250929' })
    }
    expect(stream.finished).toBe(true)
    expect(stream.end()).toMatchObject({ chunks: [], error: null })
  })

  it('keeps what a replayed turn needs, and leaves out thinking that nobody signed', () => {
    const { deltas } = translate([
      messageStart(),
      ...thinkingBlock(0, '', 'unsigned'),
      blockStart(1, { type: 'redacted_thinking', data: 'eHl6' }),
      blockStop(1),
      ...thinkingBlock(2, 'c2ln'),
    ])
    expect(deltas.flatMap((delta) => delta?.thinking_blocks ?? [])).toEqual([
      { type: 'redacted_thinking', data: 'eHl6' },
      { type: 'thinking', thinking: '', signature: 'c2ln' },
    ])
  })

  it('does not say that it is finished before message_stop', () => {
    const events = [messageStart(), ...textBlock(0, 'a'), messageDelta('end_turn'), messageStop]
    for (let length = 0; length < events.length; length++) {
      const { stream, chunks } = translate(events.slice(0, length))
      expect(chunks.some(({ choices }) => choices[0]?.finish_reason !== null)).toBe(false)
      expect([stream.finished, stream.end().error?.reason]).toEqual([false, 'provider_down'])
    }
  })

  it('counts what was stated by the time it broke off', () => {
    expect(translate([]).stream.end().usage).toBeNull()
    expect(translate([messageStart()]).stream.end().usage).toMatchObject({ input: 12, output: 1 })
    const counts = { input_tokens: null, output_tokens: 40, cache_read_input_tokens: 3 }
    const { stream } = translate([messageStart(), messageDelta('end_turn', counts)])
    expect(stream.end().usage).toMatchObject({ input: 15, output: 40, cachedInput: 3 })
  })

  it('ends blocks whose own end did not come', () => {
    const { deltas, stream } = translate([
      messageStart(),
      ...thinkingBlock(0, 'c2ln', 'hm').filter(({ type }) => type !== 'content_block_stop'),
      blockStart(1, { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } }),
      messageDelta('tool_use'),
      messageStop,
    ])
    expect(deltas).toContainEqual({
      thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 'c2ln' }],
    })
    expect(deltas).toContainEqual({ tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] })
    expect(stream.finished).toBe(true)
  })

  it('takes an error for one that does not say so', () => {
    const stream = createMessagesStream(call, { kind: 'text' })
    const data = JSON.stringify({ error: { type: 'overloaded_error', message: 'Busy.' } })
    expect(() => stream.push({ type: 'message', data, kind: 'event' })).toThrow(
      expect.objectContaining({ reason: 'provider_down' }),
    )
  })

  it('refuses a block that begins twice', () => {
    expect(() =>
      translate([messageStart(), blockStart(0, { type: 'text' }), blockStart(0, { type: 'text' })]),
    ).toThrow('twice')
  })
})

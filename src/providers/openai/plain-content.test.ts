import { describe, expect, it } from 'vitest'
import { chatCall } from '../testing/chat-call.ts'
import { eventsOf } from '../testing/drive-stream.ts'
import { createOpenAITap } from '../wire/openai-tap.ts'
import { answer } from './fixtures/answers.ts'
import { chunk, completion, done, finish, sse } from './fixtures/frames.ts'
import { readResponse } from './read-response.ts'

const text = (value: string) => ({ type: 'text', text: value })
const thinking = (...values: string[]) => ({ type: 'thinking', thinking: values.map(text), closed: true })
const role = chunk({ role: 'assistant', content: '' })

function stream(...items: readonly object[]): object[] {
  const tap = createOpenAITap({ includeUsage: false })
  const { output } = tap.push(sse([role, chunk({ content: 'Hm. ' }), ...items, finish('stop'), done]))
  const final = tap.end()
  expect(final.error).toBeNull()
  const events = eventsOf(`${output?.toString() ?? ''}${final.output?.toString() ?? ''}`)
  return events.slice(2, -1).map((event) => JSON.parse(event) as object)
}

describe('content in parts', () => {
  it.each<[string, object, object]>([
    ['a thought', { content: [thinking('a', 'b')] }, { content: null, reasoning_content: 'ab' }],
    [
      'a thought in plain text',
      { content: [{ type: 'thinking', thinking: 'a' }] },
      { content: null, reasoning_content: 'a' },
    ],
    ['a text', { content: [text('a'), text('b')] }, { content: 'ab' }],
    ['both', { content: [thinking('a'), text('b')] }, { content: 'b', reasoning_content: 'a' }],
    [
      'what is said beside it already',
      { content: [thinking('a'), text('b')], reasoning_content: 'a' },
      { content: 'b', reasoning_content: 'a' },
    ],
    [
      'nothing that can be told',
      { content: [{ type: 'reference', reference_ids: [1] }, null] },
      { content: null },
    ],
  ])('is one text, and reasoning: %s', (_, delta, shown) => {
    expect(stream(chunk(delta))).toEqual([chunk(shown)])
    const whole = readResponse(answer(completion(delta)), chatCall({ body: { messages: [] } }))
    expect(whole.body).toEqual(completion(shown))
  })

  it('is what OpenAI calls so: log probabilities stay as they are', () => {
    const logprobs = {
      content: [{ token: 'a', logprob: -0.5, bytes: [97], top_logprobs: [] }],
      refusal: null,
    }
    const sent = chunk(
      {},
      { choices: [{ index: 0, delta: { content: 'a' }, logprobs, finish_reason: null }] },
    )
    expect(stream(sent)).toEqual([sent])
  })
})

it('is never an empty list of tool calls in a stream', () => {
  const sent = chunk({ content: 'a', tool_calls: [] })
  expect(stream(sent, sent)).toEqual([chunk({ content: 'a' }), chunk({ content: 'a' })])
})

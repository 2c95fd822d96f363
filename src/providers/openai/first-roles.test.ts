import { describe, expect, it } from 'vitest'
import { eventsOf } from '../testing/drive-stream.ts'
import { createOpenAITap, type OpenAITapOptions } from '../wire/openai-tap.ts'
import { chunk, done, finish, head, sse } from './fixtures/frames.ts'

function run(items: readonly object[], options: Partial<OpenAITapOptions> = {}): object[] {
  const tap = createOpenAITap({ includeUsage: false, ...options })
  const outputs = items.map((item) => tap.push(sse([item])).output)
  const last = tap.push(sse([done])).output
  const final = tap.end()
  expect(final.error).toBeNull()
  const text = [...outputs, last, final.output].map((output) => output?.toString() ?? '').join('')
  return eventsOf(text).map((event) => JSON.parse(event) as object)
}

const of = (index: number, delta: object, finish_reason: string | null = null) => ({
  ...head,
  choices: [{ index, delta, finish_reason }],
})
const role = 'assistant'

describe('the first delta of a choice', () => {
  it.each<[string, object, object]>([
    ['a text', { content: 'a' }, { content: 'a', role }],
    ['an empty role', { role: '', content: 'a' }, { role, content: 'a' }],
    ['null for a role', { role: null, content: 'a' }, { role, content: 'a' }],
    ['nothing', {}, { role }],
    ['a role', { role, content: 'a' }, { role, content: 'a' }],
  ])('has the role, also where the host sends %s', (_, first, shown) => {
    const rest = [chunk({ content: 'b' }), finish('stop')]
    expect(run([chunk(first), ...rest])).toEqual([chunk(shown), ...rest])
  })

  it('has it in each of several choices', () => {
    const sent = [of(0, { content: 'a' }), of(0, { content: 'b' }), of(1, { content: 'c' })]
    const ends = [of(0, {}, 'stop'), of(1, {}, 'stop')]
    expect(run([...sent, ...ends], { expectedFinishes: 2 })).toEqual([
      of(0, { content: 'a', role }),
      of(0, { content: 'b' }),
      of(1, { content: 'c', role }),
      ...ends,
    ])
  })

  it('is none of completions', () => {
    const text = { ...head, choices: [{ index: 0, text: 'a', finish_reason: null }] }
    const end = { ...head, choices: [{ index: 0, text: '', finish_reason: 'stop' }] }
    expect(run([text, end])).toEqual([text, end])
  })
})

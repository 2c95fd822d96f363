import { describe, expect, it } from 'vitest'
import { readCacheControl } from './cache-control.ts'
import { mergeTurns } from './merge-turns.ts'
import { liftSystem } from './system-messages.ts'
import { textOf } from './text.ts'

describe('liftSystem', () => {
  it('takes system and developer messages out, wherever they stand, part by part', () => {
    const { system, rest } = liftSystem([
      { role: 'system', content: 'one' },
      { role: 'user', content: 'hi' },
      {
        role: 'developer',
        content: [
          { type: 'text', text: 'two', cache_control: { type: 'ephemeral' } },
          { type: 'text', text: ' ' },
        ],
      },
      { role: 'system', content: 'three', cache_control: { type: 'ephemeral', ttl: '1h' } },
    ])
    expect(system).toEqual([
      { text: 'one', cacheControl: null },
      { text: 'two', cacheControl: { type: 'ephemeral' } },
      { text: 'three', cacheControl: { type: 'ephemeral', ttl: '1h' } },
    ])
    expect(rest).toEqual([{ message: { role: 'user', content: 'hi' }, at: 'messages[1]' }])
  })

  it('leaves the last as the user turn where there is nothing else', () => {
    const { system, rest } = liftSystem([
      { role: 'system', content: 'be brief' },
      { role: 'system', content: 'say hi' },
    ])
    expect(system.map(({ text }) => text)).toEqual(['be brief'])
    expect(rest).toEqual([{ message: { role: 'user', content: 'say hi' }, at: 'messages[1]' }])
  })

  it('refuses an image', () => {
    const content = [{ type: 'image_url' as const, image_url: { url: 'https://example.com/a' } }]
    expect(() => liftSystem([{ role: 'system', content }])).not.toThrow()
    expect(() =>
      liftSystem([
        { role: 'system', content },
        { role: 'user', content: 'hi' },
      ]),
    ).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'messages[0].content[0]' }))
  })
})

describe('mergeTurns', () => {
  it('joins neighbours of one role, results first', () => {
    expect(
      mergeTurns([
        { role: 'user', results: [], blocks: ['a'] },
        { role: 'assistant', results: [], blocks: ['b'] },
        { role: 'assistant', results: [], blocks: [] },
        { role: 'assistant', results: [], blocks: ['c'] },
        { role: 'user', results: ['r1'], blocks: [] },
        { role: 'user', results: [], blocks: ['d'] },
        { role: 'user', results: ['r2'], blocks: [] },
      ]),
    ).toEqual([
      { role: 'user', blocks: ['a'] },
      { role: 'assistant', blocks: ['b', 'c'] },
      { role: 'user', blocks: ['r1', 'r2', 'd'] },
    ])
  })

  it('joins across a turn that vanished', () => {
    expect(
      mergeTurns([
        { role: 'user', results: [], blocks: ['a'] },
        { role: 'assistant', results: [], blocks: [] },
        { role: 'user', results: [], blocks: ['b'] },
      ]),
    ).toEqual([{ role: 'user', blocks: ['a', 'b'] }])
  })
})

describe('readCacheControl', () => {
  it.each([
    [{ cache_control: { type: 'ephemeral' } }, { type: 'ephemeral' }],
    [{ cache_control: { type: 'ephemeral', ttl: '1h' } }, { type: 'ephemeral', ttl: '1h' }],
    [{ cache_control: { type: 'ephemeral', ttl: '9h' } }, { type: 'ephemeral' }],
    [{ prompt_cache_breakpoint: { mode: 'explicit' } }, { type: 'ephemeral' }],
    [{ cache_control: { type: 'other' } }, null],
    [{ cache_control: null }, null],
    [{}, null],
  ])('%o', (holder, mark) => {
    expect(readCacheControl(holder)).toEqual(mark)
  })
})

describe('textOf', () => {
  it('joins text and refusals, without blank ones', () => {
    expect(textOf(null)).toBe('')
    expect(textOf('a')).toBe('a')
    expect(
      textOf([
        { type: 'text', text: 'a' },
        { type: 'text', text: ' \n' },
        { type: 'refusal', refusal: 'b' },
      ]),
    ).toBe('a\nb')
  })
})

it('refuses a text that is none, which would pass for a blank one', () => {
  for (const text of [undefined, null, 7, {}]) {
    expect(() => textOf([{ type: 'text', text } as never])).toThrow(
      expect.objectContaining({ status: 400, code: 'invalid_request', param: 'messages' }),
    )
  }
})

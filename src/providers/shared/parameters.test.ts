import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../core/openai.ts'
import { type CapabilityTable, resolveCapabilities } from './capabilities.ts'
import { droppedParams } from './dropped-params.ts'
import { readNumber } from './numbers.ts'
import { nearestEffort, readReasoningEffort } from './reasoning-effort.ts'
import { type Refusable, refuse } from './refusals.ts'
import { readStop } from './stop.ts'
import { readTokenLimit } from './token-limit.ts'

const body = (members: Record<string, unknown>) => ({ model: 'm', messages: [], ...members }) as ChatRequest

describe('readTokenLimit', () => {
  it.each([
    [{}, null],
    [{ max_tokens: 5 }, 5],
    [{ max_completion_tokens: 7 }, 7],
    [{ max_tokens: 5, max_completion_tokens: 7 }, 7],
    [{ max_tokens: 5, max_completion_tokens: null }, 5],
  ])('%o', (members, limit) => {
    expect(readTokenLimit(body(members))).toBe(limit)
  })

  it.each([
    { max_tokens: 0 },
    { max_tokens: 1.5 },
    { max_tokens: '5' },
    { max_completion_tokens: -1, max_tokens: 5 },
  ])('refuses %o', (members) => {
    expect(() => readTokenLimit(body(members))).toThrow(
      expect.objectContaining({ param: Object.keys(members)[0] }),
    )
  })
})

describe('readNumber', () => {
  it('reads numbers and nothing else', () => {
    expect(readNumber(body({ top_p: -0.5 }), 'top_p')).toBe(-0.5)
    for (const members of [{}, { top_p: null }]) expect(readNumber(body(members), 'top_p')).toBeNull()
    for (const value of ['1', [1], true, JSON.parse('1e999')]) {
      expect(() => readNumber(body({ top_p: value }), 'top_p')).toThrow(
        expect.objectContaining({ param: 'top_p' }),
      )
    }
  })
})

describe('readStop', () => {
  it.each([
    [{}, []],
    [{ stop: null }, []],
    [{ stop: 'a' }, ['a']],
    [{ stop: ['a', '', '\n'] }, ['a', '\n']],
  ])('%o', (members, stop) => {
    expect(readStop(body(members))).toEqual(stop)
  })

  it('refuses what is no text', () => {
    expect(() => readStop(body({ stop: [1] }))).toThrow(expect.objectContaining({ param: 'stop' }))
  })
})

describe('reasoning effort', () => {
  it('reads the words there are', () => {
    expect(readReasoningEffort(body({}))).toBeNull()
    expect(readReasoningEffort(body({ reasoning_effort: 'xhigh' }))).toBe('xhigh')
    expect(() => readReasoningEffort(body({ reasoning_effort: 'huge' }))).toThrow(
      'must be one of none, minimal',
    )
  })

  it.each([
    ['minimal', ['low', 'medium', 'high'], 'low'],
    ['xhigh', ['low', 'medium', 'high', 'max'], 'high'],
    ['max', ['low', 'medium', 'high'], 'high'],
    ['medium', ['low', 'medium'], 'medium'],
    ['high', [], null],
  ] as const)('%s of %o is %s', (asked, offered, nearest) => {
    expect(nearestEffort(asked, offered)).toBe(nearest)
  })
})

describe('refuse', () => {
  const all: Refusable[] = ['n', 'logprobs', 'top_logprobs', 'modalities', 'audio', 'web_search_options']

  it.each([
    [{ n: 2 }, 'n'],
    [{ logprobs: true }, 'logprobs'],
    [{ top_logprobs: 3 }, 'top_logprobs'],
    [{ modalities: ['text', 'audio'] }, 'modalities'],
    [{ audio: { voice: 'alloy' } }, 'audio'],
    [{ web_search_options: {} }, 'web_search_options'],
  ])('%o', (members, param) => {
    expect(() => refuse(body(members), 'Acme', all)).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', status: 400, param }),
    )
    expect(() =>
      refuse(
        body(members),
        'Acme',
        all.filter((name) => name !== param),
      ),
    ).not.toThrow()
  })

  it('lets defaults pass', () => {
    const idle = { n: 1, logprobs: false, top_logprobs: 0, modalities: ['text'], audio: null }
    expect(() => refuse(body(idle), 'Acme', all)).not.toThrow()
  })
})

describe('droppedParams', () => {
  it('names what asks for something and is not honoured', () => {
    const members = {
      seed: 5,
      store: false,
      frequency_penalty: 0,
      presence_penalty: 0.5,
      logit_bias: {},
      metadata: { a: 'b' },
      parallel_tool_calls: true,
      n: 1,
      user: 'u',
      temperature: 1,
      stream: true,
      stream_options: { include_usage: true },
      'bad name\r\n': 1,
    }
    expect(droppedParams(body(members), new Set(['temperature', 'user']))).toEqual([
      'seed',
      'presence_penalty',
      'metadata',
    ])
  })

  it('does not name metadata that only says the stage', () => {
    expect(droppedParams(body({ metadata: { stage: 'planning' } }), new Set())).toEqual([])
    expect(droppedParams(body({ metadata: { stage: 'planning', a: 'b' } }), new Set())).toEqual(['metadata'])
  })

  it('names at most 32', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x${index}`, 1]))
    expect(droppedParams(body(many), new Set())).toHaveLength(32)
  })
})

describe('resolveCapabilities', () => {
  const table: CapabilityTable<{ limit: number; tools: boolean; mode: string }> = {
    base: { limit: 10, tools: true, mode: 'new' },
    rows: [
      ['acme-large', { limit: 100 }],
      ['acme-', { limit: 20, tools: false }],
    ],
  }

  it('takes the first row whose text is in the name', () => {
    expect(resolveCapabilities(table, 'eu.ACME-Large-2')).toEqual({
      limit: 100,
      tools: true,
      mode: 'new',
    })
    expect(resolveCapabilities(table, 'acme-small')).toMatchObject({
      limit: 20,
      tools: false,
    })
    expect(resolveCapabilities(table, 'else')).toMatchObject({ limit: 10 })
  })

  it('lays overrides over it in turn, and passes over what is not of the table', () => {
    const first = { limit: 5, tools: false }
    const second = { limit: 6, tools: 'yes', unknown: true }
    expect(resolveCapabilities(table, 'acme-large', first, undefined, second)).toEqual({
      limit: 6,
      tools: false,
      mode: 'new',
    })
  })
})

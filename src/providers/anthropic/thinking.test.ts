import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../core/openai.ts'
import { testConnection } from '../testing/chat-call.ts'
import { capabilitiesOf } from './models.ts'
import { planThinking } from './thinking.ts'

interface PlanOptions {
  readonly model: string
  readonly body: object
  readonly stream?: boolean
  readonly mayThink?: boolean
}

function plan({ model, body, stream = false, mayThink = true }: PlanOptions) {
  const capabilities = capabilitiesOf(testConnection({ modelName: model }))
  return planThinking({
    body: { model, messages: [], ...body } as ChatRequest,
    capabilities,
    stream,
    mayThink,
  })
}

const summarized = { type: 'adaptive', display: 'summarized' }

describe('reasoning_effort by model', () => {
  it.each([
    ['claude-sonnet-5', 'high', summarized, 'high', []],
    ['claude-opus-4-8', 'xhigh', summarized, 'xhigh', []],
    ['claude-opus-4-7', 'minimal', summarized, 'low', []],
    ['claude-opus-4-6', 'xhigh', { type: 'adaptive' }, 'high', []],
    ['claude-sonnet-4-6', 'max', { type: 'adaptive' }, 'max', []],
    ['claude-sonnet-5-5', 'max', summarized, 'high', []],
    ['claude-something-9', 'medium', summarized, 'medium', []],
    ['claude-sonnet-5', 'none', { type: 'disabled' }, null, []],
    ['claude-sonnet-5-5', 'none', { type: 'between_tools' }, null, []],
    ['claude-opus-5-5', 'none', null, 'low', ['reasoning_effort']],
    ['claude-fable-5', 'none', null, 'low', ['reasoning_effort']],
    ['claude-haiku-5-5', 'none', { type: 'disabled' }, null, []],
    ['claude-sonnet-4-5', 'none', null, null, []],
    ['claude-sonnet-4-5', 'low', { type: 'enabled', budget_tokens: 2048 }, null, []],
    ['claude-3-7-sonnet-20250219', 'medium', { type: 'enabled', budget_tokens: 8192 }, null, []],
    ['claude-3-5-haiku-20241022', 'high', null, null, ['reasoning_effort']],
    ['claude-sonnet-4@20250514', 'minimal', { type: 'enabled', budget_tokens: 1024 }, null, []],
  ])('%s %s', (model, effort, thinking, sent, dropped) => {
    expect(plan({ model, body: { reasoning_effort: effort } })).toMatchObject({
      thinking,
      effort: sent,
      dropped,
    })
  })

  it('asks for nothing where the client does not', () => {
    for (const model of ['claude-sonnet-5', 'claude-opus-5-5', 'claude-sonnet-4-5', 'claude-3-haiku']) {
      expect(plan({ model, body: {} })).toMatchObject({
        on: false,
        thinking: null,
        effort: null,
        dropped: [],
      })
    }
  })
})

describe('the token limit and the budget', () => {
  const model = 'claude-sonnet-4-5'
  it.each([
    ['no limit, whole', {}, false, 21_333, null],
    ['no limit, streamed', {}, true, 64_000, null],
    ['a limit of the client', { max_tokens: 50_000 }, false, 50_000, null],
    ['a limit above the budget stays', { max_tokens: 9000, reasoning_effort: 'medium' }, false, 9000, 8192],
    ['a limit below it is raised', { max_tokens: 100, reasoning_effort: 'medium' }, false, 8292, 8192],
    [
      'at the model’s most the budget gives way',
      { max_tokens: 20_000, thinking: { type: 'enabled', budget_tokens: 63_000 } },
      false,
      64_000,
      63_000,
    ],
    [
      'a budget over the model’s most',
      { max_tokens: 20_000, thinking: { type: 'enabled', budget_tokens: 90_000 } },
      false,
      64_000,
      63_999,
    ],
    ['no limit: room for the answer is left', { reasoning_effort: 'max' }, false, 21_333, 17_237],
    ['a budget that is too small', { thinking: { type: 'enabled', budget_tokens: 10 } }, true, 64_000, 1024],
  ])('%s', (_name, body, stream, maxTokens, budget) => {
    const planned = plan({ model, body, stream })
    expect([planned.maxTokens, planned.thinking?.['budget_tokens'] ?? null]).toEqual([maxTokens, budget])
  })

  it('keeps the budget below the limit and within the model, whatever is asked', () => {
    for (const limit of [1, 1000, 1024, 1025, 8192, 21_333, 63_999, 64_000, 100_000]) {
      for (const effort of ['minimal', 'low', 'medium', 'high', 'xhigh', 'max']) {
        const { thinking, maxTokens } = plan({ model, body: { max_tokens: limit, reasoning_effort: effort } })
        const budget = Number(thinking?.['budget_tokens'])
        expect(budget).toBeGreaterThanOrEqual(1024)
        expect(budget).toBeLessThan(maxTokens)
        expect(maxTokens).toBeLessThanOrEqual(Math.max(64_000, limit))
        expect(maxTokens).toBeGreaterThanOrEqual(limit)
      }
    }
  })
})

describe('thinking', () => {
  it("passes Anthropic's own parameter on", () => {
    const own = { type: 'adaptive', display: 'omitted' }
    expect(plan({ model: 'claude-opus-5', body: { thinking: own, reasoning_effort: 'low' } })).toMatchObject({
      on: true,
      thinking: own,
      effort: 'low',
    })
    const off = { type: 'disabled' }
    expect(plan({ model: 'claude-opus-5', body: { thinking: off } })).toMatchObject({
      on: false,
      thinking: off,
      effort: null,
    })
    expect(plan({ model: 'claude-3-haiku', body: { thinking: own } })).toMatchObject({
      thinking: null,
      dropped: ['thinking'],
    })
  })

  it('is not asked for in the midst of a turn that began without it, by models that refuse that', () => {
    const body = { reasoning_effort: 'high' }
    expect(plan({ model: 'claude-sonnet-4-5', body, mayThink: false })).toMatchObject({
      on: false,
      thinking: null,
      dropped: ['reasoning_effort'],
    })
    expect(plan({ model: 'claude-opus-4-6', body, mayThink: false })).toMatchObject({ on: true, dropped: [] })
    const own = { thinking: { type: 'enabled', budget_tokens: 5000 }, reasoning_effort: 'low' }
    expect(plan({ model: 'claude-sonnet-4-5', body: own, mayThink: false }).dropped).toEqual([
      'thinking',
      'reasoning_effort',
    ])
  })
})

describe('the table of models', () => {
  it.each([
    [
      'claude-sonnet-5-5-20261001',
      { sampling: false, forced_tools: false, json_schema: true, max_output_tokens: 128_000 },
    ],
    ['claude-fable-5-1', { forced_tools: false, thinking_off: 'never' }],
    ['claude-fable-5', { forced_tools: true, thinking_off: 'never' }],
    [
      'us.anthropic.claude-opus-4-1-20250805-v1:0',
      { max_output_tokens: 32_000, json_schema: true, sampling: true },
    ],
    ['claude-opus-4-20250514', { max_output_tokens: 32_000, json_schema: false }],
    ['claude-sonnet-4-20250514', { max_output_tokens: 64_000, json_schema: false }],
    ['claude-3-haiku-20240307', { max_output_tokens: 4096, reasoning: 'none' }],
    ['claude-2.1', { max_output_tokens: 4096 }],
    ['claude-next', { sampling: false, json_schema: true, forced_tools: true, max_output_tokens: 128_000 }],
  ])('%s', (modelName, expected) => {
    expect(capabilitiesOf(testConnection({ modelName }))).toMatchObject(expected)
  })

  it('gives way to what the connection says', () => {
    const connection = testConnection({
      modelName: 'my-alias',
      overrides: { capabilities: { sampling: true, max_output_tokens: 4096 } },
    })
    expect(capabilitiesOf(connection, { json_schema: false })).toMatchObject({
      sampling: true,
      max_output_tokens: 4096,
      json_schema: false,
    })
  })
})

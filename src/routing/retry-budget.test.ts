import { describe, expect, it } from 'vitest'
import { GatewayError, type GatewayErrorOptions } from '../core/errors.ts'
import { backoffMs, createRetryBudget, defaultRetry, type RetrySettings } from './retry-budget.ts'

const error = (options: GatewayErrorOptions = {}) =>
  new GatewayError('upstream_error', 'broken', { reason: 'provider_down', ...options })

const budgetOf = (settings: Partial<RetrySettings> = {}) =>
  createRetryBudget({ ...defaultRetry, ...settings })

const failed = { error: error(), attempts: 1 }

describe('a request may retry', () => {
  it('up to three attempts', () => {
    const request = budgetOf().begin()
    expect([1, 2, 3, 4].map((attempts) => request.mayRetry({ error: error(), attempts }))).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it('only what is not its own fault', () => {
    const own = new GatewayError('invalid_request', 'no such parameter', { costly: false })
    expect(budgetOf().begin().mayRetry({ error: own, attempts: 1 })).toBe(false)
  })

  it('a timeout only where nothing was begun, or the operator wants it', () => {
    const late = error({ reason: 'timeout' })
    const unsent = error({ reason: 'timeout', costly: false })
    const allowed = (settings: Partial<RetrySettings>, reason: GatewayError) =>
      budgetOf(settings).begin().mayRetry({ error: reason, attempts: 1 })
    expect(allowed({}, late)).toBe(false)
    expect(allowed({}, unsent)).toBe(true)
    expect(allowed({ retryTimeouts: true }, late)).toBe(true)
  })

  it('not after its end', () => {
    const request = budgetOf().begin()
    request.end()
    expect(request.mayRetry(failed)).toBe(false)
  })
})

describe('the retry budget', () => {
  const requests = (count: number, budget = budgetOf()) => Array.from({ length: count }, () => budget.begin())
  const granted = (begun: ReturnType<typeof requests>) =>
    begun.filter((request) => request.mayRetry(failed)).length

  it('is a fifth of the requests in flight', () => {
    expect(granted(requests(100))).toBe(20)
  })

  it('is three where there are few requests', () => {
    expect([1, 2, 3, 4, 10, 15, 19, 20].map((count) => granted(requests(count)))).toEqual([
      1, 2, 3, 3, 3, 3, 3, 4,
    ])
  })

  it('does not count what cost the provider nothing', () => {
    const limited = { error: error({ reason: 'rate_limit', costly: false }), attempts: 1 }
    const begun = requests(100)
    expect(begun.filter((request) => request.mayRetry(limited))).toHaveLength(100)
    expect(granted(begun)).toBe(20)
  })

  it('holds for a request one retry at a time', () => {
    const [first, ...others] = requests(4)
    first?.mayRetry({ error: error(), attempts: 1 })
    first?.mayRetry({ error: error(), attempts: 2 })
    expect(granted(others)).toBe(2)
  })

  it('is given back by the end of a request', () => {
    const begun = requests(4)
    expect(granted(begun)).toBe(3)
    begun[0]?.end()
    expect(begun[3]?.mayRetry(failed)).toBe(true)
  })

  it('takes a request that ends twice for one', () => {
    const begun = requests(21)
    begun[0]?.end()
    begun[0]?.end()
    expect(granted(begun)).toBe(4)
  })

  it('is given back where a retry fails for good', () => {
    const begun = requests(4)
    expect(granted(begun)).toBe(3)
    expect(begun[0]?.mayRetry({ error: error(), attempts: 3 })).toBe(false)
    expect(begun[3]?.mayRetry(failed)).toBe(true)
  })
})

describe('the pause before the same connection', () => {
  it('doubles up to two seconds, its upper half at random', () => {
    const pauses = (dice: number) => [1, 2, 3, 4, 5, 50].map((attempts) => backoffMs(attempts, () => dice))
    expect(pauses(0)).toEqual([100, 200, 400, 800, 1_000, 1_000])
    expect(pauses(0.5)).toEqual([150, 300, 600, 1_200, 1_500, 1_500])
  })
})

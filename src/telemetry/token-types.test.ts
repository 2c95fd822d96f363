import { assert, integer, property, record } from 'fast-check'
import { expect, it } from 'vitest'
import { tokensByType } from './token-types.ts'

it('parts a usage into types that do not overlap', () => {
  const usage = { input: 100, cachedInput: 40, cacheWrite: 10, output: 50, reasoning: 20 }
  expect(tokensByType(usage)).toEqual({ input: 60, cached_input: 40, output: 30, reasoning: 20 })
})

it('adds up to input and output, and is never negative, whatever a provider states', () => {
  const tokens = integer({ min: -5, max: 50 })
  const usages = record({
    input: tokens,
    cachedInput: tokens,
    cacheWrite: tokens,
    output: tokens,
    reasoning: tokens,
  })
  assert(
    property(usages, (usage) => {
      const types = tokensByType(usage)
      expect(Math.min(...Object.values(types))).toBeGreaterThanOrEqual(0)
      expect(types.input + types.cached_input).toBe(Math.max(0, usage.input))
      expect(types.output + types.reasoning).toBe(Math.max(0, usage.output))
    }),
    { verbose: true },
  )
})

it('counts nothing where a provider states no number', () => {
  const usage = { input: Number.NaN, cachedInput: 1, cacheWrite: 0, output: Infinity, reasoning: 0 }
  expect(Object.values(tokensByType(usage))).toEqual([0, 0, 0, 0])
})

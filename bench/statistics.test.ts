import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compare, quantile, spreadOf } from './statistics.ts'

describe('quantile', () => {
  it.each([
    [[3], 0.99, 3],
    [[2, 1], 0.5, 1.5],
    [[5, 1, 3], 0.5, 3],
    [[0, 10, 20, 30], 0.9, 27],
    [[1, 2, 3], 0, 1],
    [[1, 2, 3], 1, 3],
  ])('of %j at %d is %d', (values, share, expected) => {
    expect(quantile(values, share)).toBeCloseTo(expected, 10)
  })

  it('is a number between the lowest and the highest, and grows with the share', () => {
    const figures = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 })
    const shares = fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    )
    fc.assert(
      fc.property(figures, shares, (values, [one, other]) => {
        const lower = quantile(values, Math.min(one, other))
        const higher = quantile(values, Math.max(one, other))
        // Between two neighbours there is rounding.
        expect(lower).toBeLessThanOrEqual(higher + 1e-6)
        expect(lower).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6)
        expect(higher).toBeLessThanOrEqual(Math.max(...values) + 1e-6)
      }),
    )
  })

  it('of nothing is no number', () => {
    expect(quantile([], 0.5)).toBeNaN()
  })
})

it('a spread has the middle and both ends', () => {
  expect(spreadOf([4, 1, 2])).toEqual({ median: 2, low: 1, high: 4 })
})

describe('compare', () => {
  it('holds each figure against that of its own round', () => {
    expect(compare([10, 30], [5, 10], 'ratio')).toEqual([2, 3])
    expect(compare([10, 30], [5, 10], 'difference')).toEqual([5, 20])
  })

  it('refuses rounds that have no counterpart', () => {
    expect(() => compare([1, 2], [1], 'ratio')).toThrow('2 rounds against 1')
  })
})

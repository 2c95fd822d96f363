import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failureReasons } from '../core/failure.ts'
import { cooldownMs, defaultCooldown, failureClass } from './cooldown.ts'

const noJitter = () => 0.5
const waitMs = (cause: Parameters<typeof cooldownMs>[0], random = noJitter) =>
  cooldownMs(cause, defaultCooldown, random)

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const reason = fc.constantFrom(...failureReasons)
const backingOff = fc.constantFrom(...failureReasons.filter((name) => name !== 'quota'))
const count = fc.integer({ min: 1, max: 5_000 })

describe('a cooldown', () => {
  it.each([
    ['rate_limit', 5_000],
    ['provider_down', 30_000],
    ['network', 30_000],
    ['timeout', 30_000],
    ['authentication', 30_000],
    ['permission', 30_000],
    ['model_not_found', 30_000],
    ['model_deprecated', 30_000],
    ['region', 30_000],
    ['quota', 600_000],
  ] as const)('for %s begins at %i ms', (name, expected) => {
    expect(waitMs({ reason: name, ejections: 1 })).toBeCloseTo(expected)
  })

  it('doubles with each ejection in a row, up to the maximum', () => {
    const seconds = [1, 2, 3, 4, 5, 6, 7, 8].map(
      (ejections) => waitMs({ reason: 'rate_limit', ejections }) / 1_000,
    )
    expect(seconds.map(Math.round)).toEqual([5, 10, 20, 40, 80, 160, 300, 300])
  })

  it('does not double for a spent quota', () => {
    expect(waitMs({ reason: 'quota', ejections: 7 })).toBe(600_000)
  })

  it('keeps within a tenth of the doubled base, and within the maximum, whatever the dice say', () => {
    fc.assert(
      fc.property(backingOff, count, chance, (name, ejections, dice) => {
        const base = name === 'rate_limit' ? 5_000 : 30_000
        const plain = Math.min(300_000, base * 2 ** (ejections - 1))
        const actual = waitMs({ reason: name, ejections }, () => dice)
        expect(actual).toBeGreaterThanOrEqual(plain * 0.9 - 1e-6)
        expect(actual).toBeLessThanOrEqual(Math.min(300_000, plain * 1.1 + 1e-6))
      }),
    )
  })

  it('uses the whole of the jitter', () => {
    expect(waitMs({ reason: 'network', ejections: 1 }, () => 0)).toBeCloseTo(27_000)
    expect(waitMs({ reason: 'network', ejections: 1 }, () => 1 - 1e-12)).toBeCloseTo(33_000)
  })
})

describe("a provider's hint", () => {
  const hint = fc.double({ noNaN: true })

  it('decides alone how long a limit holds, between 1 s and 10 min', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('rate_limit' as const, 'quota' as const),
        count,
        hint,
        chance,
        (name, ejections, retryAfterMs, dice) => {
          const actual = waitMs({ reason: name, ejections, retryAfterMs }, () => dice)
          expect(actual).toBe(Math.min(600_000, Math.max(1_000, retryAfterMs)))
        },
      ),
    )
  })

  it('only lengthens the backoff of anything else', () => {
    fc.assert(
      fc.property(reason, count, hint, chance, (name, ejections, retryAfterMs, dice) => {
        fc.pre(failureClass(name) !== 'limit')
        const plain = waitMs({ reason: name, ejections }, () => dice)
        const hinted = waitMs({ reason: name, ejections, retryAfterMs }, () => dice)
        expect(hinted).toBe(Math.max(plain, Math.min(600_000, retryAfterMs)))
      }),
    )
  })

  it('that is no number is none', () => {
    expect(waitMs({ reason: 'rate_limit', ejections: 1, retryAfterMs: Number.NaN })).toBe(5_000)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultCooldown } from './cooldown.ts'
import { createFailureWindow } from './failure-window.ts'

describe('a failure window', () => {
  it('trips at the third failure in a row, and not before', () => {
    const window = createFailureWindow(defaultCooldown)
    expect([window.failed(0), window.failed(1), window.failed(2)]).toEqual([false, false, true])
  })

  it('begins the row anew after a success', () => {
    const window = createFailureWindow(defaultCooldown)
    const trips = [window.failed(0), window.failed(0)]
    window.succeeded(0)
    trips.push(window.failed(0), window.failed(0))
    expect(trips).not.toContain(true)
    expect(window.failed(0)).toBe(true)
  })

  it('trips over half of at least ten', () => {
    const window = createFailureWindow({ ...defaultCooldown, failures: 1_000 })
    for (let round = 0; round < 4; round++) {
      window.succeeded(round)
      expect(window.failed(round)).toBe(false)
    }
    window.succeeded(5)
    expect(window.failed(5)).toBe(false) // 5 of 10 is half, not over
    expect(window.failed(5)).toBe(true)
  })

  it('does not judge by fewer than ten', () => {
    const window = createFailureWindow({ ...defaultCooldown, failures: 1_000 })
    const trips = Array.from({ length: 9 }, () => window.failed(0))
    expect(trips).not.toContain(true)
    expect(window.failed(0)).toBe(true)
  })

  it('forgets what lies a minute back, or any longer', () => {
    const gaps = Array.from({ length: 40 }, (_, index) => 60_000 + index * 5_000)
    const trips = gaps.map((gap) => {
      const window = createFailureWindow({ ...defaultCooldown, failures: 1_000 })
      for (let index = 0; index < 9; index++) window.failed(0)
      return window.failed(gap)
    })
    expect(trips).not.toContain(true)
  })

  it('forgets all when it is told to', () => {
    const window = createFailureWindow({ ...defaultCooldown, failures: 3 })
    window.failed(0)
    window.failed(0)
    window.clear()
    expect(window.failed(0)).toBe(false)
  })

  it('agrees with a list of all that happened', () => {
    const step = fc.record({ bad: fc.boolean(), pause: fc.oneof(fc.nat(20_000), fc.nat(200_000)) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const settings = { ...defaultCooldown, failures: 6, minRequests: 4 }
        const window = createFailureWindow(settings)
        const past: { tick: number; bad: boolean }[] = []
        let now = 0
        for (const { bad, pause } of steps) {
          now += pause
          past.push({ tick: Math.floor(now / 5_000), bad })
          if (!bad) {
            window.succeeded(now)
            continue
          }
          const recent = past.filter(({ tick }) => tick > Math.floor(now / 5_000) - 12)
          const share = recent.filter((one) => one.bad).length / recent.length
          const row = past.length - 1 - past.findLastIndex((one) => !one.bad)
          expect(window.failed(now)).toBe(row >= 6 || (recent.length >= 4 && share > 0.5))
        }
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faded, measured } from './latency.ts'

describe('a latency', () => {
  it('is its first measurement, then moves a fifth of the way', () => {
    const first = measured(null, 100, 0)
    expect(first).toEqual({ ms: 100, at: 0 })
    expect(measured(first, 200, 1)).toEqual({ ms: 120, at: 1 })
  })

  it('moves further the longer nothing was measured', () => {
    const first = measured(null, 100, 0)
    expect(measured(first, 200, 60_000)?.ms).toBeCloseTo(150)
    expect(measured(first, 200, 3_600_000)?.ms).toBeCloseTo(200)
  })

  it('is halved every minute where nobody asks', () => {
    expect([0, 60_000, 120_000].map((now) => Math.round(faded({ ms: 800, at: 0 }, now)))).toEqual([
      800, 400, 200,
    ])
  })

  it('lies between what was measured, and takes nothing that is no time', () => {
    const samples = fc.array(fc.record({ ms: fc.double(), pause: fc.nat(600_000) }), { minLength: 1 })
    fc.assert(
      fc.property(samples, (taken) => {
        const times = taken.map(({ ms }) => ms).filter((ms) => Number.isFinite(ms) && ms >= 0)
        let latency = null
        let now = 0
        for (const { ms, pause } of taken) latency = measured(latency, ms, (now += pause))
        const most = Math.max(0, ...times)
        const { ms } = latency ?? { ms: 0 }
        expect(latency === null).toBe(times.length === 0)
        expect(ms).toBeGreaterThanOrEqual(Math.min(most, ...times) - most * 1e-12)
        expect(ms).toBeLessThanOrEqual(most * (1 + 1e-12))
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKeptTimers } from './kept-timers.ts'
import { createFakeTime } from './testing/fake-time.ts'

function scene() {
  const time = createFakeTime()
  return { time, kept: createKeptTimers({ clock: time.clock, timers: time.timers }) }
}

describe('kept timers', () => {
  it('call back in time, once, and not what was cleared', () => {
    const { kept, time } = scene()
    const calls: string[] = []
    kept.set(() => calls.push('one'), 1_000)
    const other = kept.set(() => calls.push('other'), 1_000)
    kept.clear(other)
    time.advance(999)
    expect(calls).toEqual([])
    time.advance(10_000)
    expect(calls).toEqual(['one'])
  })

  it('start one for as many as come one after another, and end it when nobody comes', () => {
    const { kept, time } = scene()
    for (let passed = 0; passed < 4_900; passed += 10) {
      kept.clear(kept.set(() => expect.unreachable(), 5_000))
      time.advance(10)
    }
    expect(time.armed).toBe(1)
    time.advance(5_000)
    expect(time.pending).toBe(0)
    kept.set(() => {}, 5_000)
    expect(time.armed).toBe(2)
  })

  it('take over none that would come too late', () => {
    const { kept, time } = scene()
    kept.clear(kept.set(() => {}, 60_000))
    const calls: string[] = []
    kept.set(() => calls.push('soon'), 100)
    time.advance(100)
    expect(calls).toEqual(['soon'])
  })

  it('give nobody what another has taken over, however often it is cleared', () => {
    const { kept, time } = scene()
    const calls: string[] = []
    const first = kept.set(() => calls.push('first'), 1_000)
    time.advance(1_000)
    kept.clear(first)
    kept.clear(first)
    kept.clear(null)
    kept.set(() => calls.push('second'), 1_000)
    kept.set(() => calls.push('third'), 1_000)
    time.advance(1_000)
    expect(calls).toEqual(['first', 'second', 'third'])
  })

  it('never come too late, and never to whoever has gone', () => {
    const step = fc.record({
      kind: fc.constantFrom('set', 'clear', 'pass'),
      ms: fc.integer({ min: 1, max: 300 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { kept, time } = scene()
        const faults: string[] = []
        const live = new Map<object, { dueAt: number; handle: unknown }>()
        const set = (ms: number) => {
          const own = {}
          const dueAt = time.clock.monotonic() + ms
          const handle = kept.set(() => {
            if (!live.delete(own)) faults.push('called though cleared, or twice')
            if (time.clock.monotonic() > dueAt) faults.push('called too late')
          }, ms)
          live.set(own, { dueAt, handle })
        }
        for (const { kind, ms } of steps) {
          const [first] = live
          if (kind === 'set') set(ms)
          else if (kind === 'pass') time.advance(ms)
          else if (first !== undefined) {
            live.delete(first[0])
            kept.clear(first[1].handle)
          }
        }
        time.advance(300)
        expect({ faults, waiting: live.size }).toEqual({ faults: [], waiting: 0 })
      }),
    )
  })
})

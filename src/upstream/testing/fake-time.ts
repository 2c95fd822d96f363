import type { Clock } from '../../core/clock.ts'
import type { Timers } from '../deadlines.ts'

export interface FakeTime {
  readonly clock: Clock
  readonly timers: Timers
  /** Timers that wait. */
  readonly pending: number
  /** How often a timer was set. */
  readonly armed: number
  /** Lets time pass, firing what falls due on the way, in order. */
  advance(ms: number): void
}

/** Time that only a test moves. */
export function createFakeTime(): FakeTime {
  const waiting = new Map<object, { readonly at: number; readonly callback: () => void }>()
  let now = 1_000
  let armed = 0

  function nextDue(until: number) {
    const due = [...waiting].filter(([, { at }]) => at <= until)
    return due.toSorted(([, one], [, other]) => one.at - other.at)[0]
  }

  return {
    clock: { now: () => now, monotonic: () => now },
    timers: {
      set(callback, delayMs) {
        const handle = {}
        armed++
        waiting.set(handle, { at: now + delayMs, callback })
        return handle
      },
      clear: (handle) => {
        waiting.delete(handle as object)
      },
    },
    get pending() {
      return waiting.size
    },
    get armed() {
      return armed
    },
    advance(ms) {
      const until = now + ms
      for (let due = nextDue(until); due !== undefined; due = nextDue(until)) {
        const [handle, { at, callback }] = due
        waiting.delete(handle)
        now = at
        callback()
      }
      now = until
    },
  }
}

export interface Pace {
  /** Calls again and again, `everyMs` apart, from the member's own ms of that time on; returns what ends it. */
  readonly join: (everyMs: number, call: () => void) => () => void
  /** Calls all that are due by now. */
  readonly turn: () => void
}

/**
 * Spreads what happens regularly evenly over the time between: many timers of Node's own would come together over time,
 * and how many fall on one turn of the loop would be another in every run. `now` is in ms.
 */
export function createPace(now: () => number): Pace {
  const slots = new Map<number, Map<number, Set<() => void>>>()
  let joined = 0
  let done = Math.floor(now())
  const slotOf = (everyMs: number, ms: number) => {
    const wheel = slots.get(everyMs) ?? new Map<number, Set<() => void>>()
    slots.set(everyMs, wheel)
    const slot = wheel.get(ms % everyMs) ?? new Set()
    wheel.set(ms % everyMs, slot)
    return slot
  }
  return {
    join(everyMs, call) {
      const slot = slotOf(everyMs, joined++)
      const own = () => call()
      slot.add(own)
      return () => slot.delete(own)
    },
    turn() {
      const until = Math.floor(now())
      while (done < until) {
        done++
        for (const [everyMs, wheel] of slots) for (const call of wheel.get(done % everyMs) ?? []) call()
      }
    },
  }
}

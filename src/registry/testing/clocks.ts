import type { Clock } from '../../core/clock.ts'
import type { After } from '../timers.ts'

export interface ManualTime {
  readonly clock: Clock
  readonly after: After
  /** Lets time pass; what is due is run in its order. */
  pass(ms: number): void
  /** How many timers are set. */
  pending(): number
}

/** Time that passes when it is told to. */
export function createManualTime({ start = Date.parse('2026-01-01T00:00:00Z') } = {}): ManualTime {
  let elapsed = 0
  let timers: { readonly at: number; readonly work: () => void }[] = []
  return {
    clock: { now: () => start + elapsed, monotonic: () => elapsed },
    after(ms, work) {
      const timer = { at: elapsed + ms, work }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    pass(ms) {
      const end = elapsed + ms
      for (;;) {
        const [due] = timers.filter(({ at }) => at <= end).toSorted((one, other) => one.at - other.at)
        if (due === undefined) break
        timers = timers.filter((timer) => timer !== due)
        elapsed = due.at
        due.work()
      }
      elapsed = end
    },
    pending: () => timers.length,
  }
}

/** Lets whatever is under way, but for timers and the disk, come to its end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

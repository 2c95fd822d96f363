import type { Clock } from '../../core/clock.ts'

export interface ManualClock extends Clock {
  advance(ms: number): void
}

/** A clock for tests that moves only when told. */
export function createManualClock(startMs = Date.UTC(2030, 0, 1)): ManualClock {
  let elapsed = 0
  return {
    now: () => startMs + elapsed,
    monotonic: () => elapsed,
    advance(ms) {
      elapsed += ms
    },
  }
}

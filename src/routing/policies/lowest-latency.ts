import { faded } from '../latency.ts'
import type { Slot } from '../plan.ts'
import { leastScore } from './least-score.ts'
import type { PolicyContext } from './policy.ts'

/**
 * The fastest to its first byte. One that was never measured comes first and one that was not measured of late seems
 * faster than it was, each for one request at a time: a whole burst must not explore together.
 */
export function pickLowestLatency(slots: readonly Slot[], context: PolicyContext): Slot {
  return leastScore(slots, context, ({ entry: { latency, inFlight } }) => {
    if (latency === null) return inFlight === 0 ? 0 : Number.MAX_VALUE
    return inFlight === 0 ? faded(latency, context.now) : latency.ms
  })
}

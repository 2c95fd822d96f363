import type { Slot } from '../plan.ts'
import { leastScore } from './least-score.ts'
import type { PolicyContext } from './policy.ts'

/** Fewest requests in flight for its weight. */
export function pickLeastBusy(slots: readonly Slot[], context: PolicyContext): Slot {
  return leastScore(slots, context, ({ entry, connection }) => entry.inFlight / connection.weight)
}

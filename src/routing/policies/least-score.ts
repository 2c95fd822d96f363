import type { Slot } from '../plan.ts'
import type { PolicyContext } from './policy.ts'

/** The slot with the smallest score; equal ones share by weight. */
export function leastScore(
  slots: readonly Slot[],
  { random }: PolicyContext,
  score: (slot: Slot) => number,
): Slot {
  let best = slots[0] as Slot
  let least = Infinity
  let tiedWeight = 0
  for (const slot of slots) {
    const its = score(slot)
    if (its > least) continue
    const { weight } = slot.connection
    tiedWeight = its < least ? weight : tiedWeight + weight
    // A reservoir of one: each of the tied ends up chosen in proportion to its weight.
    if (its < least || random() * tiedWeight < weight) best = slot
    least = its
  }
  return best
}

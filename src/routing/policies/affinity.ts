import type { Slot } from '../plan.ts'
import { hashText, mix } from './hash.ts'
import type { PolicyContext } from './policy.ts'
import { pickWeighted } from './weighted.ts'

/**
 * Weighted rendezvous hash: a conversation keeps its connection, and where that one is out only its own conversations
 * move, each to its second choice. Without a key: by weight.
 */
export function pickByAffinity(slots: readonly Slot[], context: PolicyContext): Slot {
  if (context.affinityKey === null) return pickWeighted(slots, context)
  const key = hashText(context.affinityKey)
  let best = slots[0] as Slot
  let highest = -Infinity
  for (const slot of slots) {
    const uniform = (mix(key ^ slot.hash) + 0.5) / 2 ** 32
    const score = -slot.connection.weight / Math.log(uniform)
    if (score <= highest) continue
    highest = score
    best = slot
  }
  return best
}

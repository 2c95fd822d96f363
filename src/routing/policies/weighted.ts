import type { Slot } from '../plan.ts'
import type { PolicyContext } from './policy.ts'

/** At random by weight. Asked again without its choice it draws without replacement. */
export function pickWeighted(slots: readonly Slot[], { random }: PolicyContext): Slot {
  let sum = 0
  for (const { connection } of slots) sum += connection.weight
  let rest = random() * sum
  for (const slot of slots) {
    rest -= slot.connection.weight
    if (rest < 0) return slot
  }
  // Rounding may leave a trace after the last weight.
  return slots[slots.length - 1] as Slot
}

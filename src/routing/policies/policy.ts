import type { Slot } from '../plan.ts'

export interface PolicyContext {
  /** Monotonic ms. */
  readonly now: number
  /** What requests of one conversation share; null: nothing known. */
  readonly affinityKey: string | null
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** Which of a tier's ready connections comes next. Called with at least one; called again without it for the one after. */
export type PickSlot = (slots: readonly Slot[], context: PolicyContext) => Slot

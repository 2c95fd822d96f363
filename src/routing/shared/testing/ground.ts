import type { Store } from '../../../store/contract.ts'
import type { ManualTimers } from './manual-timers.ts'

/** What fleets are tried on, one after the other. */
export interface Ground {
  /** Whether the store's clock is `timers.clock`, so that what remains of an outage can be compared. */
  readonly isTimed: boolean
  readonly timers: ManualTimers
  /** Stores for so many replicas, with nothing in them. */
  open(replicas: number): Promise<Store[]>
  /** Lets go of what was opened last. */
  leave(): Promise<void>
  close(): Promise<void>
}

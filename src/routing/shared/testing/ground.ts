import type { Store } from '../../../store/contract.ts'
import type { ManualTimers } from './manual-timers.ts'

/** What fleets are tried on, one after the other. */
export interface Ground {
  readonly timers: ManualTimers
  /** Stores for so many replicas, with nothing in them. */
  open(replicas: number): Promise<Store[]>
  /** Lets go of what was opened last. */
  leave(): Promise<void>
  close(): Promise<void>
}

import { performance } from 'node:perf_hooks'
import type { Store } from '../../../store/contract.ts'
import type { ManualClock } from '../../testing/manual-clock.ts'
import type { Ground } from './ground.ts'
import { createManualTimers } from './manual-timers.ts'

export interface ServerGroundOptions {
  /** One replica's store, which shares with all others of the same prefix, and with no other. */
  openStore: (prefix: string) => Promise<Store>
  /** Ends the server. */
  stop: () => Promise<void>
}

/**
 * A store whose clock is its own. The replicas' runs at the same pace and leaps ahead when told, so that what they take
 * for theirs never lasts longer with them than with the store.
 */
export function createServerGround({ openStore, stop }: ServerGroundOptions): Ground {
  const timers = createManualTimers(createLeapingClock())
  let stores: Store[] = []
  let opened = 0
  const leave = async () => {
    await Promise.all(stores.map((store) => store.close()))
    stores = []
  }
  return {
    isTimed: false,
    timers,
    async open(replicas) {
      const prefix = `fleet-${opened++}`
      stores = await Promise.all(Array.from({ length: replicas }, () => openStore(prefix)))
      return stores
    },
    leave,
    async close() {
      await leave()
      await stop()
    },
  }
}

function createLeapingClock(): ManualClock {
  let ahead = 0
  return {
    now: () => Date.now() + ahead,
    monotonic: () => performance.now() + ahead,
    advance(ms) {
      ahead += ms
    },
  }
}

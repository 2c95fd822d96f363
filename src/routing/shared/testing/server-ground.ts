import { performance } from 'node:perf_hooks'
import type { PoolStore, SharedOutage, Store } from '../../../store/contract.ts'
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
 * A store whose clock is its own. That of the replicas runs at the same pace and leaps ahead when told. Outages are told
 * as if the store had leaped with them; leases last as long as the store thinks, which is never shorter.
 */
export function createServerGround({ openStore, stop }: ServerGroundOptions): Ground {
  const clock = createLeapingClock()
  const timers = createManualTimers(clock)
  let stores: Store[] = []
  let opened = 0
  const leave = async () => {
    await Promise.all(stores.map((store) => store.close()))
    stores = []
  }
  return {
    timers,
    async open(replicas) {
      const prefix = `fleet-${opened++}`
      stores = await Promise.all(Array.from({ length: replicas }, () => openStore(prefix)))
      return stores.map((store) => ({ ...store, pool: leapingPool(store.pool, clock.ahead) }))
    },
    leave,
    async close() {
      await leave()
      await stop()
    },
  }
}

function createLeapingClock(): ManualClock & { readonly ahead: () => number } {
  let ahead = 0
  return {
    ahead: () => ahead,
    now: () => Date.now() + ahead,
    monotonic: () => performance.now() + ahead,
    advance(ms) {
      ahead += ms
    },
  }
}

function leapingPool(pool: PoolStore, ahead: () => number): PoolStore {
  const here = (outage: SharedOutage): SharedOutage => ({
    ...outage,
    remainingMs: Math.max(0, outage.remainingMs - ahead()),
  })
  return {
    async eject(connectionId, { remainingMs, json }) {
      return here(await pool.eject(connectionId, { remainingMs: Math.ceil(remainingMs + ahead()), json }))
    },
    restore: (connectionId, sequence) => pool.restore(connectionId, sequence),
    async outages() {
      return new Map([...(await pool.outages())].map(([id, outage]) => [id, here(outage)]))
    },
    firstSequence: () => pool.firstSequence(),
    watch: (listener) =>
      pool.watch((change) => listener({ ...change, outage: change.outage && here(change.outage) })),
  }
}

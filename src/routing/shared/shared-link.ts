import { type Clock, systemClock } from '../../core/clock.ts'
import type { Connection } from '../../core/entities.ts'
import type { Store } from '../../store/contract.ts'
import type { PoolLink } from '../pool-link.ts'
import type { Pool } from '../pool.ts'
import { createComparing } from './comparing.ts'
import { Ledger } from './ledger.ts'
import { sharedId } from './shared-outage.ts'
import { type Schedule, systemSchedule } from './timers.ts'
import { Trials } from './trials.ts'

export interface SharedLink extends PoolLink {
  /**
   * Joins the pool that was made with this link to the store; once. Resolves when it was compared with the store for
   * the first time, or could not be; never rejects. What the pool does not know by then is heard of within 6 s.
   */
  attach(pool: Pool): Promise<void>
  /** Ends all of it; leases are given back, as long as the store answers. */
  close(): Promise<void>
}

export interface SharedLinkOptions {
  store: Pick<Store, 'pool' | 'leases' | 'up' | 'onLink'>
  /** This process, unlike any other at any time. */
  holder: string
  /**
   * The trial of this connection is due, this process has it, and no request has used it for 2 s. Answers whether a
   * probe is its trial: one that begins (`Pool.acquire`) at once, or within 2 s if the connection still awaits it and
   * `Pool.mayTry` allows it then. Must not throw.
   */
  onUnusedTrial?: ((connection: Connection) => boolean) | null
  clock?: Clock
  random?: () => number
  schedule?: Schedule
}

interface Joined {
  readonly pool: Pool
  readonly ledger: Ledger
  end(): Promise<unknown>
}

/** The link between the pools of a fleet: the same outages everywhere, and each trial once. Design §7. */
export function createSharedLink({
  store,
  holder,
  onUnusedTrial = null,
  clock = systemClock,
  random = Math.random,
  schedule = systemSchedule,
}: SharedLinkOptions): SharedLink {
  const { up } = store
  const time = { clock, random, schedule }
  let joined: Joined | null = null
  const trials = new Trials({
    leases: store.leases,
    holder,
    up,
    isTelling: (connectionId) => joined?.ledger.isTelling(connectionId) ?? false,
    onUnused:
      onUnusedTrial &&
      ((connectionId) => {
        const entry = joined?.pool.find(connectionId)
        return entry !== undefined && onUnusedTrial(entry.connection)
      }),
    ...time,
  })

  return {
    note(transition) {
      joined?.ledger.note(transition)
      trials.note(transition)
    },
    mayTry: (connectionId) => trials.mayTry(connectionId),
    refused: (connectionId) => trials.refused(connectionId),
    retain(find) {
      const isKept = (connectionId: string, shared: string) => {
        const connection = find(connectionId)
        return connection !== undefined && sharedId(connection) === shared
      }
      joined?.ledger.retain(isKept)
      trials.retain(isKept)
    },
    async attach(pool) {
      const ledger = new Ledger({ pool, store: store.pool, holder, up, ...time })
      const comparing = createComparing({ ledger, store: store.pool, up, ...time })
      const stopWatching = store.pool.watch((change) => ledger.hear(change))
      const stopLink = store.onLink(() => {
        trials.relink()
        if (up()) ledger.resume()
        comparing.relink()
      })
      joined = {
        pool,
        ledger,
        end() {
          stopWatching()
          stopLink()
          return Promise.all([comparing.close(), ledger.close()])
        },
      }
      await comparing.compare()
    },
    async close() {
      await Promise.all([joined?.end(), trials.close()])
    },
  }
}

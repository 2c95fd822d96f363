import { setImmediate as turn } from 'node:timers/promises'
import type { Connection } from '../../../core/entities.ts'
import type { Store } from '../../../store/contract.ts'
import type { CooldownSettings } from '../../cooldown.ts'
import type { Pool } from '../../pool.ts'
import { createScene, type Scene } from '../../testing/scene.ts'
import { createSharedLink, type SharedLink } from '../shared-link.ts'
import type { ManualTimers } from './manual-timers.ts'
import { type WatchedStore, watchStore } from './watched-store.ts'

export interface Replica extends Scene {
  readonly link: SharedLink
  readonly way: WatchedStore
  readonly name: string
}

export interface Fleet {
  readonly replicas: readonly Replica[]
  /** Until every call is answered and every change is heard of. */
  readonly settle: () => Promise<void>
  readonly advance: (ms: number) => Promise<void>
  readonly close: () => Promise<void>
}

export interface FleetOptions {
  /** One for each replica: the same one, or several opened on one server. */
  stores: readonly Store[]
  timers: ManualTimers
  connections: readonly Connection[]
  settings?: Partial<CooldownSettings>
  random?: () => number
  /** Of the first replica; the others count on. */
  number?: number
  onUnusedTrial?: (connection: Connection, pool: Pool) => boolean
}

/** Replicas with a link each, at the same time in one process. */
export async function createFleet({
  stores,
  timers,
  connections,
  settings = {},
  random = () => 0.5,
  number = 0,
  onUnusedTrial,
}: FleetOptions): Promise<Fleet> {
  const { clock, schedule } = timers
  const replicas = stores.map((store, index): Replica => {
    const way = watchStore(store)
    const name = `replica-${number + index}`
    const link = createSharedLink({
      store: way.store,
      holder: name,
      onUnusedTrial: onUnusedTrial ? (connection) => onUnusedTrial(connection, scene.pool) : null,
      clock,
      random,
      schedule,
    })
    const scene = createScene({ clock, link, random, settings })
    scene.pool.retain(connections)
    return { ...scene, link, way, name }
  })

  const heard = stores.map(() => new Set<string>())
  const stops = stores.map((store, index) =>
    store.pool.watch(({ connectionId, outage }) => outage === null && heard[index]?.add(connectionId)),
  )
  let fences = 0
  const callsOf = () => replicas.reduce((sum, { way }) => sum + way.calls(), 0)

  /** Changes come to everyone in the order in which they were made: who has heard of this one has heard of all. */
  async function fence(): Promise<void> {
    const [store] = stores
    const id = `fence-${fences++}`
    const { sequence } = (await store?.pool.eject(id, { remainingMs: 1_000, json: '{}' })) ?? { sequence: 0 }
    await store?.pool.restore(id, sequence)
    while (!heard.every((ids) => ids.has(id))) await turn()
    for (const ids of heard) ids.delete(id)
  }

  async function settle(): Promise<void> {
    let before: number
    do {
      before = callsOf()
      do await turn()
      while (replicas.some(({ way }) => way.pending() > 0))
      await fence()
      await turn()
    } while (callsOf() !== before)
  }

  await Promise.all(replicas.map(({ link, pool }) => link.attach(pool)))
  return {
    replicas,
    settle,
    advance: (ms) => timers.advance(ms, settle),
    async close() {
      await Promise.all(replicas.map(({ link }) => link.close()))
      for (const stop of stops) stop()
    },
  }
}

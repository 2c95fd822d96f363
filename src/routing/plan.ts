import type { Connection, Model } from '../core/entities.ts'
import { hashText } from './policies/hash.ts'
import type { PoolEntry } from './pool-entry.ts'
import type { Pool } from './pool.ts'

/** One connection as choosing sees it. */
export interface Slot {
  readonly connection: Connection
  readonly entry: PoolEntry
  /** Of its id, for the rendezvous hash. */
  readonly hash: number
}

/** Why a connection is no candidate, whatever its state. */
export type SwitchedOff = 'disabled' | 'inactive_credential' | 'weight_zero'

/** What a model's connections let one know before any request comes. */
export interface Plan {
  /** Candidates by priority, the first tier first. */
  readonly tiers: readonly (readonly Slot[])[]
  readonly candidates: readonly Slot[]
  readonly byName: ReadonlyMap<string, Slot>
  readonly off: readonly { readonly connection: Connection; readonly why: SwitchedOff }[]
}

/** Why no request may use a connection, not even one that names it. */
export function switchedOff({ enabled, credential }: Connection): 'disabled' | 'inactive_credential' | null {
  if (!enabled) return 'disabled'
  return credential.status === 'active' ? null : 'inactive_credential'
}

/** Plans are made once for each model object, as long as the pool keeps what they were made of. */
export function createPlans(pool: Pool): (model: Model) => Plan {
  let plans = new WeakMap<Model, Plan>()
  let forgotten = pool.forgotten()
  return (model) => {
    // A model that was away for a while, hidden by another of its name, may return as the same object.
    if (pool.forgotten() !== forgotten) {
      forgotten = pool.forgotten()
      plans = new WeakMap()
    }
    const known = plans.get(model)
    if (known !== undefined) return known
    const plan = planOf(model, pool)
    plans.set(model, plan)
    return plan
  }
}

function planOf(model: Model, pool: Pool): Plan {
  const slots = model.connections.map((connection) => ({
    connection,
    entry: pool.entry(connection),
    hash: hashText(connection.id),
  }))
  const off: Plan['off'][number][] = []
  const candidates: Slot[] = []
  for (const slot of slots) {
    const { connection } = slot
    const why = switchedOff(connection) ?? (connection.weight > 0 ? null : 'weight_zero')
    if (why === null) candidates.push(slot)
    else off.push({ connection, why })
  }
  const byPriority = Map.groupBy(candidates, ({ connection }) => connection.priority)
  const tiers = [...byPriority].toSorted(([one], [other]) => one - other).map(([, tier]) => tier)
  return {
    tiers,
    candidates: tiers.flat(),
    byName: new Map(slots.map((slot) => [slot.connection.name, slot])),
    off,
  }
}

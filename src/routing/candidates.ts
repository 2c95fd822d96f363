import type { Clock } from '../core/clock.ts'
import type { Model, Policy } from '../core/entities.ts'
import { awaitsTrial, type ConnectionState, type Out } from './connection-state.ts'
import { failureClass } from './cooldown.ts'
import { createPlans, type Plan, type Slot } from './plan.ts'
import { pickByAffinity } from './policies/affinity.ts'
import { pickLeastBusy } from './policies/least-busy.ts'
import { pickLowestLatency } from './policies/lowest-latency.ts'
import type { PickSlot } from './policies/policy.ts'
import { pickWeighted } from './policies/weighted.ts'
import type { Pool } from './pool.ts'

export interface CandidateQuery {
  /** Ids of connections that this request has tried already, or cannot use. */
  readonly tried: ReadonlySet<string>
  readonly affinityKey: string | null
  /** Monotonic ms; default: now. */
  readonly now?: number
}

export interface Chooser {
  readonly planOf: (model: Model) => Plan
  /** The next connection for a request; null: none that may be asked now. No I/O. */
  next(model: Model, query: CandidateQuery): Slot | null
  /** Whether an attempt may begin on this one. */
  isOpen(slot: Slot, now?: number): boolean
  /** Ms until an attempt may begin on this one, for a client who is told so: 0 where it is open. */
  waitMs(slot: Slot): number
}

export interface ChooserOptions {
  pool: Pool
  clock: Clock
  random: () => number
}

const policies: Record<Policy, PickSlot> = {
  weighted: pickWeighted,
  least_busy: pickLeastBusy,
  lowest_latency: pickLowestLatency,
  affinity: pickByAffinity,
}

export function createChooser({ pool, clock, random }: ChooserOptions): Chooser {
  const planOf = createPlans(pool)

  function isOpen(slot: Slot, now = clock.monotonic()): boolean {
    return isReady(slot) || mayBeTrial(slot, now)
  }

  function mayBeTrial({ entry }: Slot, now: number): boolean {
    return awaitsTrial(entry.state, now) && pool.mayTry(entry)
  }

  /**
   * In each tier a connection whose trial is due goes first: it would never return if what is ready always went before
   * it. A request that has met one that is out has paid its share and takes what is ready, in any tier, before a trial.
   */
  function next(model: Model, { tried, affinityKey, now = clock.monotonic() }: CandidateQuery): Slot | null {
    const { tiers, candidates } = planOf(model)
    const isTried = (slot: Slot) => tried.size > 0 && tried.has(slot.connection.id)
    const trialFirst = tried.size === 0 || candidates.every((slot) => !isTried(slot) || isReady(slot))
    let firstTrial: Slot | null = null
    for (const tier of tiers) {
      const open: Slot[] = []
      let trial: Slot | null = null
      for (const slot of tier) {
        if (isTried(slot)) continue
        if (isReady(slot)) open.push(slot)
        else if (trial === null && mayBeTrial(slot, now)) trial = slot
      }
      if (trial !== null && trialFirst) return trial
      if (open.length > 0) return policies[model.policy](open, { now, affinityKey, random })
      firstTrial ??= trial
    }
    if (firstTrial !== null) return firstTrial
    const soonest = lastResort(candidates, isTried, now)
    return soonest !== null && pool.mayTry(soonest.entry) ? soonest : null
  }

  function waitMs(slot: Slot): number {
    const now = clock.monotonic()
    const { state } = slot.entry
    if (isOpen(slot, now)) return 0
    const trialWaitMs = pool.refused(slot.entry)
    const isOut = state.kind === 'cooling' || state.kind === 'unhealthy'
    return isOut && state.until > now ? state.until - now : trialWaitMs
  }

  return { planOf, next, isOpen, waitMs }
}

/** Where every candidate is out for faults: the one whose cooldown ends soonest. While one is on trial, none. */
function lastResort(candidates: readonly Slot[], isTried: (slot: Slot) => boolean, now: number): Slot | null {
  let soonest: Slot | null = null
  let end = Infinity
  for (const slot of candidates) {
    const { state } = slot.entry
    if (!isCoolingForFault(state, now)) return null
    if (state.until >= end || isTried(slot)) continue
    soonest = slot
    end = state.until
  }
  return soonest
}

function isReady({ entry }: Slot): boolean {
  return entry.state.kind === 'ready'
}

function isCoolingForFault(state: ConnectionState, now: number): state is Out {
  return state.kind === 'cooling' && state.until > now && failureClass(state.reason) === 'fault'
}

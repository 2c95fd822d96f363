import type { Clock } from '../core/clock.ts'
import type { Connection, Model } from '../core/entities.ts'
import type { FailureReason } from '../core/failure.ts'
import type { Chooser } from './candidates.ts'
import { outage } from './connection-state.ts'
import type { Slot, SwitchedOff } from './plan.ts'

/** `trial`: its cooldown is over and the next request decides. `last_resort`: so may one request before that. */
export interface Candidate {
  readonly connection: Connection
  readonly as: 'ready' | 'trial' | 'last_resort'
}

/** Why a connection is left out. `trial`: its one request is under way. `until`: ms since 1970. */
export type Exclusion = { readonly connection: Connection } & (
  | { readonly why: SwitchedOff }
  | { readonly why: 'trial'; readonly reason: FailureReason; readonly message: string }
  | {
      readonly why: 'cooling' | 'unhealthy'
      readonly reason: FailureReason
      readonly message: string
      readonly until: number
    }
)

/** `candidates`: in the order in which a request goes through them if one after another fails. */
export interface Explanation {
  readonly candidates: readonly Candidate[]
  readonly excluded: readonly Exclusion[]
}

/** What the next request for a model would do, by asking as it would ask. Where the policy draws lots, so does this. */
export function explain(chooser: Chooser, clock: Clock, model: Model): Explanation {
  const now = clock.monotonic()
  const wall = clock.now() - now
  const { candidates, off } = chooser.planOf(model)
  const tried = new Set<string>()
  const listed: Candidate[] = []
  for (;;) {
    const slot = chooser.next(model, { tried, affinityKey: null, now })
    if (slot === null) break
    const as = standing(chooser, slot, now)
    listed.push({ connection: slot.connection, as })
    tried.add(slot.connection.id)
    // The others of a last resort wait for what becomes of it.
    if (as === 'last_resort') break
  }
  const left = candidates.filter(({ connection }) => !tried.has(connection.id))
  return { candidates: listed, excluded: [...left.flatMap((slot) => exclusion(slot, now, wall)), ...off] }
}

function standing(chooser: Chooser, slot: Slot, now: number): Candidate['as'] {
  if (slot.entry.state.kind === 'ready') return 'ready'
  return chooser.isOpen(slot, now) ? 'trial' : 'last_resort'
}

function exclusion({ connection, entry }: Slot, now: number, wall: number): Exclusion[] {
  const out = outage(entry.state)
  if (out === null) return []
  const { kind, reason, message, until } = out
  return entry.state.kind === 'trial' || until <= now
    ? [{ connection, why: 'trial', reason, message }]
    : [{ connection, why: kind, reason, message, until: wall + until }]
}

/**
 * `away`: another's, or nobody's. `offered`: this process's, for its next request. `trying`: its request is in flight.
 * `leaving`: what it came to is being told, then the lease is given back.
 */
export type TrialPhase = 'away' | 'offered' | 'trying' | 'leaving'

/** What one process knows of the trial of a connection that is out. All times are monotonic ms. */
export interface Trial {
  readonly connectionId: string
  /** As the store calls the connection. */
  readonly shared: string
  phase: TrialPhase
  /** The connection is back; what is left is to give up the lease. */
  isOver: boolean
  /** The end of its cooldown. */
  until: number
  /** Whether this process told the outage. */
  isOurs: boolean
  /** Whether clients were refused here because of it, who come back at its end. */
  isExpected: boolean
  /** When a request asked last that would have used it. */
  askedAt: number
  /** How often the lease was asked for since the cooldown's end. */
  rounds: number
  /** Whether it is only looked at: nobody here has asked. */
  isLook: boolean
  /** Whether it was given to whoever takes what requests do not use. */
  isLent: boolean
  /** Up to when a request may take up the offer. */
  offeredUntil: number
  /** When its request in flight will never settle any more. */
  tryingUntil: number
  /** Up to when the store has the lease as ours; as another's, as far as is known. */
  leaseUntil: number
  othersUntil: number
  /** Not to be asked for before. */
  freeAt: number
  stopTimer: (() => void) | null
}

export function createTrial(connectionId: string, shared: string): Trial {
  return {
    connectionId,
    shared,
    phase: 'away',
    isOver: false,
    until: 0,
    isOurs: false,
    isExpected: false,
    askedAt: -Infinity,
    rounds: 0,
    isLook: false,
    isLent: false,
    offeredUntil: 0,
    tryingUntil: 0,
    leaseUntil: 0,
    othersUntil: 0,
    freeAt: 0,
    stopTimer: null,
  }
}

/** How long the right to a trial is offered to requests before it passes on (design §7), ms. */
export const offeredMs = 2_000
/** A lease outlasts its offer by this, so that a request which takes it up at the last moment can still prolong it. */
export const marginMs = 1_000
/** Whoever has refused a client asks for the lease so long before the cooldown's end; who told the outage, half of it. */
export const leadMs = 200
/** A request that asked in vain comes back within this, or not at all. */
export const askedMs = 10_000
const jitterMs = 50
/** The others look at it within this after the offer has lapsed; the next time within double. */
const firstLookMs = 30_000
const lastLookMs = 300_000
/** A lease that lasts longer than any offer is in use. */
const longestOfferMs = leadMs + offeredMs + marginMs

/** When the lease of a trial that is away is to be asked for; `look`: only to see whether nobody uses it. */
export function nextAsk(trial: Trial, now: number, random: () => number): { at: number; look: boolean } {
  if (now - trial.askedAt < askedMs) return { at: trial.freeAt, look: false }
  if (trial.rounds === 0 && (trial.isExpected || trial.isOurs)) {
    const lead = trial.isExpected ? leadMs : leadMs / 2
    return { at: Math.max(trial.until - lead, trial.freeAt), look: false }
  }
  const withinMs = Math.min(lastLookMs, firstLookMs * 2 ** Math.min(trial.rounds, 10))
  return { at: Math.max(trial.until, now) + offeredMs + withinMs * random(), look: true }
}

/** When to ask again for a lease that another has for so long: one in use is mostly given back early. */
export function askAgainMs(remainingMs: number, random: () => number): number {
  return (remainingMs > longestOfferMs ? remainingMs / 2 : remainingMs) + jitterMs * random()
}

/** How long a client may be told to wait for a trial that another has, ms; null: it may end at any moment. */
export function offerLapsesMs(trial: Trial, now: number): number | null {
  const left = trial.othersUntil - now
  return left > 0 && left <= longestOfferMs ? left + 2 * jitterMs : null
}

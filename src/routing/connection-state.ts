import type { FailureReason } from '../core/failure.ts'
import { type CooldownSettings, cooldownMs, failureClass } from './cooldown.ts'

/** `ejections`: those a trial has answered but no whole success has yet forgiven. */
export interface Ready {
  readonly kind: 'ready'
  readonly ejections: number
}

/** Out of the pool until its cooldown is over and a trial was won. */
export interface Out {
  readonly kind: 'cooling' | 'unhealthy'
  readonly reason: FailureReason
  readonly message: string
  /** Monotonic ms. */
  readonly until: number
  /** In a row, without a success between: at least 1. */
  readonly ejections: number
}

/** Half-open: one request is under way and decides. */
export interface Trial {
  readonly kind: 'trial'
  readonly out: Out
  /** Monotonic ms at which the right to the trial lapses, should its request never settle. */
  readonly heldUntil: number
}

/** States are replaced, never changed, so that a trial is known by the identity of its state. */
export type ConnectionState = Ready | Out | Trial

/** `onTrial`: it comes from the request that the state is waiting for. Times are monotonic ms. */
export type StateEvent =
  | {
      readonly kind: 'failed'
      readonly now: number
      readonly reason: FailureReason
      readonly message: string
      readonly retryAfterMs?: number | undefined
      /** Whether it is enough to put a ready connection out. */
      readonly ejects: boolean
      readonly onTrial: boolean
    }
  | { readonly kind: 'succeeded'; readonly onTrial: boolean }
  | { readonly kind: 'neutral'; readonly onTrial: boolean }
  | { readonly kind: 'trial-begun'; readonly heldUntil: number }
  /** The trial's first event has come: the connection works again, though its answer may last for minutes. */
  | { readonly kind: 'trial-answered' }
  /** A check that was asked for has passed. */
  | { readonly kind: 'restored' }
  /** Another replica put it out. */
  | { readonly kind: 'ejected-elsewhere'; readonly out: Out }

export const ready: Ready = { kind: 'ready', ejections: 0 }
const longestMessage = 500

/** The state after an event; the same object where nothing changes. Design §7. */
export function transition(
  state: ConnectionState,
  event: StateEvent,
  settings: CooldownSettings,
  random: () => number,
): ConnectionState {
  switch (event.kind) {
    case 'failed':
      return afterFailure(state, event, settings, random)
    case 'succeeded':
      // A success that began before the ejection says nothing of what came after it.
      if (state.kind === 'trial') return event.onTrial ? ready : state
      return state.kind === 'ready' && state.ejections > 0 ? ready : state
    case 'neutral':
      return state.kind === 'trial' && event.onTrial ? state.out : state
    case 'trial-begun':
      return state.kind === 'ready' ? state : { kind: 'trial', out: outOf(state), heldUntil: event.heldUntil }
    case 'trial-answered':
      return state.kind === 'trial' ? { kind: 'ready', ejections: state.out.ejections } : state
    case 'restored':
      return state.kind === 'ready' && state.ejections === 0 ? state : ready
    case 'ejected-elsewhere':
      // One whose cooldown is over awaits its trial, for those who hear of it only now too.
      if (state.kind === 'ready') return event.out
      // A trial goes on unless it is for an outage that has become longer.
      if (state.kind === 'trial' && event.out.until <= state.out.until) return state
      return longer(outOf(state), event.out)
  }
}

function afterFailure(
  state: ConnectionState,
  event: Extract<StateEvent, { kind: 'failed' }>,
  settings: CooldownSettings,
  random: () => number,
): ConnectionState {
  switch (state.kind) {
    case 'ready':
      return event.ejects ? ejected(event, state.ejections + 1, settings, random) : state
    case 'cooling':
    case 'unhealthy':
      // Requests that were under way at the ejection: one outage is one ejection, however many it fails.
      return event.ejects ? longer(state, ejected(event, state.ejections, settings, random)) : state
    case 'trial':
      return event.onTrial
        ? longer(state.out, ejected(event, state.out.ejections + 1, settings, random))
        : state
  }
}

function ejected(
  event: Extract<StateEvent, { kind: 'failed' }>,
  ejections: number,
  settings: CooldownSettings,
  random: () => number,
): Out {
  const { now, reason, retryAfterMs } = event
  return {
    kind: failureClass(reason) === 'refusal' ? 'unhealthy' : 'cooling',
    reason,
    message: event.message.slice(0, longestMessage),
    until: now + cooldownMs({ reason, ejections, retryAfterMs }, settings, random),
    ejections,
  }
}

/** Of two cooldowns the one that ends later, whichever was learned first: a running cooldown is only ever extended. */
export function longer(known: Out, other: Out): Out {
  const later = other.until > known.until ? other : known
  const ejections = Math.max(known.ejections, other.ejections)
  return later.ejections === ejections ? later : { ...later, ejections }
}

function outOf(state: Out | Trial): Out {
  return state.kind === 'trial' ? state.out : state
}

/** Why a connection is out; null while it is ready. */
export function outage(state: ConnectionState): Out | null {
  return state.kind === 'ready' ? null : outOf(state)
}

/** Whether the cooldown is over and no request holds the trial: the next one may. */
export function awaitsTrial(state: ConnectionState, now: number): boolean {
  if (state.kind === 'ready') return false
  return (state.kind === 'trial' ? state.heldUntil : state.until) <= now
}

import type { Connection } from '../core/entities.ts'
import type { ConnectionState, Out } from './connection-state.ts'

/** A connection's state has changed; states are replaced, so `from` and `to` differ. */
export interface Transition {
  readonly connection: Connection
  readonly from: ConnectionState
  readonly to: ConnectionState
  /** One more cooldown has begun: not the extension of one, nor the end of a trial that decided nothing. */
  readonly isEjection: boolean
  /** `elsewhere`: another replica's, which that one has told already. */
  readonly origin: 'here' | 'elsewhere'
}

/** A state as replicas tell it to one another: their clocks differ, so time is what remains. Trials are told by leases. */
export type SharedState = { readonly kind: 'ready' } | (Omit<Out, 'until'> & { readonly remainingMs: number })

/**
 * What a pool shared by replicas does otherwise than one alone; everything else they have in common. What the other
 * replicas tell comes in by `Pool.receive`. All of it answers from memory, at once, and never throws.
 */
export interface PoolLink {
  /** Every transition, before anyone else hears of it. Those from here are to be told to the other replicas. */
  note(transition: Transition): void
  /** Whether this process holds the right to the connection's trial: asked while choosing, by a request that would use it. */
  mayTry(connectionId: string): boolean
  /**
   * A request was refused while the connection was out, and its client is told when to come back. Answers how long this
   * process may wait for the right to the trial once the cooldown is over, ms.
   */
  refused(connectionId: string): number
  /** There is a new snapshot, with these connections by their ids: what was learned of any other is to be forgotten. */
  retain(find: (connectionId: string) => Connection | undefined): void
}

/** A trial that is under way may end at any moment; to ask again sooner than this is no use. */
export const trialWaitMs = 1_000

/** One process by itself: the first request to come after the cooldown is the trial. */
export const alone: PoolLink = {
  note() {},
  mayTry: () => true,
  refused: () => trialWaitMs,
  retain() {},
}

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
 * replicas tell comes in by `Pool.receive`.
 */
export interface PoolLink {
  /**
   * A transition made here, to be told to the others: `to` a trial says that the lease is in use, `from` a trial that
   * it is free again. Returns at once and never throws.
   */
  publish(transition: Transition): void
  /**
   * Whether this process holds the right to the connection's trial: asked while choosing, answered from memory. A
   * replica takes the lease in the background as the cooldown ends (for a last resort: once all are out), and it passes
   * on after 2 s without use.
   */
  mayTry(connectionId: string): boolean
}

/** One process by itself: the first request to come after the cooldown is the trial. */
export const alone: PoolLink = {
  publish() {},
  mayTry: () => true,
}

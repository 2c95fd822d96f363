import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../core/clock.ts'
import type { Connection } from '../core/entities.ts'
import type { AttemptOutcome } from '../core/failure.ts'
import { type ConnectionState, ready, type StateEvent } from './connection-state.ts'
import { type CooldownSettings, failureClass } from './cooldown.ts'
import { createFailureWindow, type FailureWindow } from './failure-window.ts'
import { type Latency, measured } from './latency.ts'

/** What is known of one connection: read on every choice, changed by the pool alone. */
export interface PoolEntry {
  readonly connection: Connection
  readonly state: ConnectionState
  /** Attempts that have begun and are not settled. */
  readonly inFlight: number
  readonly latency: Latency | null
  /** Ms since 1970. */
  readonly lastSuccess: number | null
  readonly lastFailure: number | null
}

/** The same, in the pool's own hands. */
export type OwnEntry = { -readonly [Field in keyof PoolEntry]: PoolEntry[Field] } & {
  readonly window: FailureWindow
}

export function createEntry(connection: Connection, settings: CooldownSettings): OwnEntry {
  return {
    connection,
    state: ready,
    inFlight: 0,
    latency: null,
    lastSuccess: null,
    lastFailure: null,
    window: createFailureWindow(settings),
  }
}

/**
 * Notes what an attempt came to, and returns what it means for the state. Only what happens to a ready connection is
 * counted: one that is out has been judged already.
 */
export function noteOutcome(
  entry: OwnEntry,
  outcome: AttemptOutcome,
  onTrial: boolean,
  clock: Clock,
): StateEvent {
  const now = clock.monotonic()
  const isReady = entry.state.kind === 'ready'
  switch (outcome.kind) {
    case 'neutral':
      return { kind: 'neutral', onTrial }
    case 'success':
      entry.lastSuccess = clock.now()
      entry.latency = measured(entry.latency, outcome.firstByteMs, now)
      if (isReady) entry.window.succeeded(now)
      return { kind: 'succeeded', onTrial }
    case 'failure': {
      const { reason, message, retryAfterMs } = outcome
      entry.lastFailure = clock.now()
      const ejects = failureClass(reason) === 'fault' ? isReady && entry.window.failed(now) : true
      return { kind: 'failed', now, reason, message, retryAfterMs, ejects, onTrial }
    }
  }
}

/** Whether what was learned of a connection still holds: weight, priority and switches do not change whom it asks. */
export function asksTheSame(known: Connection, now: Connection): boolean {
  if (known === now) return true
  return (
    known.credential.id === now.credential.id &&
    known.credential.version === now.credential.version &&
    known.provider === now.provider &&
    known.kind === now.kind &&
    known.modelName === now.modelName &&
    known.region === now.region &&
    isDeepStrictEqual(known.overrides, now.overrides) &&
    isDeepStrictEqual(known.custom, now.custom)
  )
}

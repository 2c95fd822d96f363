import type { Clock } from '../core/clock.ts'
import type { Connection } from '../core/entities.ts'
import type { FailureReason } from '../core/failure.ts'
import { outage } from './connection-state.ts'
import { switchedOff } from './plan.ts'
import type { PoolEntry } from './pool-entry.ts'

export type StateName = 'ready' | 'cooling' | 'trial' | 'unhealthy' | 'disabled'

/** One connection as operators see it. Points in time are ms since 1970. */
export interface ConnectionStatus {
  readonly state: StateName
  /** Why it is out, and in the provider's words; null while it is ready. */
  readonly reason: FailureReason | null
  readonly message: string | null
  /** The end of its cooldown, while that lies ahead. */
  readonly until: number | null
  /** How often it was ejected since its last success. */
  readonly ejections: number
  readonly lastSuccess: number | null
  readonly lastFailure: number | null
  /** Time to first byte, smoothed, ms. */
  readonly latencyMs: number | null
  readonly inFlight: number
}

export function statusOf(connection: Connection, entry: PoolEntry, clock: Clock): ConnectionStatus {
  const { state, inFlight, latency, lastSuccess, lastFailure } = entry
  const out = outage(state)
  const remainingMs = out === null ? 0 : out.until - clock.monotonic()
  return {
    state: switchedOff(connection) === null ? stateName(entry, remainingMs) : 'disabled',
    reason: out?.reason ?? null,
    message: out?.message ?? null,
    until: remainingMs > 0 ? clock.now() + remainingMs : null,
    ejections: state.kind === 'ready' ? state.ejections : (out?.ejections ?? 0),
    lastSuccess,
    lastFailure,
    latencyMs: latency?.ms ?? null,
    inFlight,
  }
}

/** Once its cooldown is over a connection is half-open, whether or not its one request has come. */
function stateName({ state }: PoolEntry, remainingMs: number): StateName {
  return state.kind === 'ready' || remainingMs > 0 ? state.kind : 'trial'
}

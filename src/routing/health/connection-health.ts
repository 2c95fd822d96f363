import type { Clock } from '../../core/clock.ts'
import type { FailureReason } from '../../core/failure.ts'
import { outage } from '../connection-state.ts'
import type { PoolEntry } from '../pool-entry.ts'
import type { Sighting, Sightings } from './sightings.ts'

export type HealthStatus = 'healthy' | 'unhealthy' | 'unknown'

/** One connection's health as operators see it (design §5, "Health"). Points in time are ms since 1970. */
export interface ConnectionHealth {
  readonly status: HealthStatus
  /** Why it is not healthy, where that is known, in the provider's words. */
  readonly reason: FailureReason | null
  readonly message: string | null
  readonly lastChecked: number | null
  readonly checkedBy: Sighting['by'] | null
  readonly lastSuccess: number | null
  readonly latencyMs: number | null
  /** While that lies ahead. */
  readonly cooldownUntil: number | null
  /** Since its last success. */
  readonly ejections: number
}

export type ModelHealth = Pick<ConnectionHealth, 'status' | 'lastChecked' | 'checkedBy'>

/** A probe's question that the upstream refused as such: it answers, and whether it would serve is not known. */
export interface Refusal {
  readonly at: number
  readonly message: string
}

export interface HealthParts {
  readonly entry: PoolEntry
  readonly seen: Sightings
  readonly refusal: Refusal | null
  readonly clock: Clock
  /** For how long a success speaks for a connection that has failed since without being put out. */
  readonly intervalMs: number
}

/** What was seen longer ago tells nothing of today. */
const staleMs = 24 * 3_600_000

/**
 * A connection that is out is unhealthy, whatever else was seen. One that is in the pool is what was seen last, but
 * that a failure which did not put it out does not undo a success of the same interval. What nobody has asked for long
 * is unknown.
 */
export function healthOf({ entry, seen, refusal, clock, intervalMs }: HealthParts): ConnectionHealth {
  const { success, failure } = seen
  const out = outage(entry.state)
  const now = clock.now()
  const remainingMs = out === null ? 0 : out.until - clock.monotonic()
  const last = latest(success, failure)
  const status = out === null ? standing(seen, now, intervalMs) : 'unhealthy'
  const cause = out ?? (status === 'unhealthy' ? failure : null)
  const isRefusalLast = refusal !== null && refusal.at >= (last?.at ?? -Infinity)
  return {
    status,
    reason: cause?.reason ?? null,
    message: cause?.message ?? (status === 'unknown' && isRefusalLast ? refusal.message : null),
    lastChecked: isRefusalLast ? refusal.at : (last?.at ?? null),
    checkedBy: isRefusalLast ? 'probe' : (last?.by ?? null),
    lastSuccess: success?.at ?? null,
    latencyMs: entry.latency?.ms ?? success?.latencyMs ?? null,
    cooldownUntil: remainingMs > 0 ? now + remainingMs : null,
    ejections: out?.ejections ?? (entry.state.kind === 'ready' ? entry.state.ejections : 0),
  }
}

function standing({ success, failure }: Sightings, now: number, intervalMs: number): HealthStatus {
  const last = latest(success, failure)
  if (last === null || now - last.at > Math.max(staleMs, 2 * intervalMs)) return 'unknown'
  if (success !== null && (last === success || now - success.at <= intervalMs)) return 'healthy'
  return 'unhealthy'
}

/** Of the same moment the failure: it was told of after what it followed. */
function latest(success: Sighting | null, failure: Sighting | null): Sighting | null {
  if (success === null || failure === null) return success ?? failure
  return failure.at >= success.at ? failure : success
}

/** Healthy if any of them is, unhealthy if all are, with the newest evidence. `connections`: the enabled ones. */
export function modelHealthOf(connections: readonly ConnectionHealth[]): ModelHealth {
  const is = (status: HealthStatus) => (health: ConnectionHealth) => health.status === status
  const newest = connections.reduce<ConnectionHealth | null>(
    (best, health) => ((health.lastChecked ?? -1) > (best?.lastChecked ?? -1) ? health : best),
    null,
  )
  const isDown = connections.length > 0 && connections.every(is('unhealthy'))
  return {
    status: connections.some(is('healthy')) ? 'healthy' : isDown ? 'unhealthy' : 'unknown',
    lastChecked: newest?.lastChecked ?? null,
    checkedBy: newest?.checkedBy ?? null,
  }
}

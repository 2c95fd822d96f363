import { type FailureReason, failureReasons } from '../../core/failure.ts'
import type { Evidence } from '../../store/contract.ts'

/** Something of a connection's or a credential's health that was seen. */
export interface Sighting {
  /** Ms since 1970, by this process's clock. */
  readonly at: number
  readonly by: 'probe' | 'traffic'
  /** Of a success, where it was measured. */
  readonly latencyMs: number | null
  /** Of a failure, where they are known: traffic keeps them only for what put a connection out. */
  readonly reason: FailureReason | null
  readonly message: string | null
}

/** The newest of each kind. */
export interface Sightings {
  readonly success: Sighting | null
  readonly failure: Sighting | null
}

export const nothingSeen: Sightings = { success: null, failure: null }
const longestMessage = 500

/** Of two at the same moment the probe, which the pool has noted as if it were traffic, else the second. */
export function newer(one: Sighting | null, other: Sighting | null): Sighting | null {
  if (one === null || other === null) return one ?? other
  if (one.at === other.at && one.by === 'probe') return one
  return other.at >= one.at ? other : one
}

export function merged(one: Sightings, other: Sightings): Sightings {
  return { success: newer(one.success, other.success), failure: newer(one.failure, other.failure) }
}

export function encodeSighting({ by, latencyMs, reason, message }: Sighting): string {
  return JSON.stringify({ by, latencyMs, reason, message: message?.slice(0, longestMessage) ?? null })
}

/** null where it is not what `encodeSighting` makes: another version's, or a fault. */
export function decodeSighting({ json, ageMs }: Evidence, now: number): Sighting | null {
  let told: unknown
  try {
    told = JSON.parse(json)
  } catch {
    return null
  }
  if (typeof told !== 'object' || told === null || !Number.isFinite(ageMs)) return null
  const { by, latencyMs, reason, message } = told as Partial<Record<keyof Sighting, unknown>>
  if (by !== 'probe' && by !== 'traffic') return null
  return {
    at: now - Math.max(0, ageMs),
    by,
    latencyMs: typeof latencyMs === 'number' ? latencyMs : null,
    reason: failureReasons.find((one) => one === reason) ?? null,
    message: typeof message === 'string' ? message : null,
  }
}

import type { FailureReason } from '../core/failure.ts'

/** How failures are judged and how long they keep a connection out: the `cooldown` section of the configuration. */
export interface CooldownSettings {
  /** The first cooldown, seconds. */
  readonly baseSeconds: number
  /** The first cooldown after a 429 that gives no hint, seconds. */
  readonly rateLimitSeconds: number
  readonly maxSeconds: number
  /** Failures in a row that eject a connection. */
  readonly failures: number
  /** A larger share of failures than this ejects too, once there were `minRequests` in `windowSeconds`. */
  readonly failureRatio: number
  readonly minRequests: number
  readonly windowSeconds: number
}

export const defaultCooldown: CooldownSettings = {
  baseSeconds: 30,
  rateLimitSeconds: 5,
  maxSeconds: 300,
  failures: 3,
  failureRatio: 0.5,
  minRequests: 10,
  windowSeconds: 60,
}

/**
 * What a reason says of its connection (the table of design §7). `limit`: it is well, and asks to be left alone;
 * `refusal`: it will refuse until something is changed; `fault`: it may pass, so one alone ejects nothing.
 */
export type FailureClass = 'limit' | 'refusal' | 'fault'

const classes: Record<FailureReason, FailureClass> = {
  rate_limit: 'limit',
  quota: 'limit',
  authentication: 'refusal',
  permission: 'refusal',
  model_not_found: 'refusal',
  model_deprecated: 'refusal',
  region: 'refusal',
  provider_down: 'fault',
  network: 'fault',
  timeout: 'fault',
}

export function failureClass(reason: FailureReason): FailureClass {
  return classes[reason]
}

const shortestHintMs = 1_000
const longestHintMs = 10 * 60_000
const quotaMs = 10 * 60_000
const jitterShare = 0.1
/** Past any sane maximum, and far from where powers of two lose their precision. */
const mostDoublings = 30

/** No cooldown is longer than this, ms, whatever caused it. */
export function longestCooldownMs({ maxSeconds }: CooldownSettings): number {
  return Math.max(1_000 * maxSeconds, longestHintMs, quotaMs * (1 + jitterShare))
}

export interface CooldownCause {
  readonly reason: FailureReason
  /** Consecutive ejections, this one included: 1 or more. */
  readonly ejections: number
  /** The provider's own hint, ms. */
  readonly retryAfterMs?: number | undefined
}

/**
 * How long a connection stays out, ms. A limit's hint is taken at its word, within 1 s and 10 min; any other hint only
 * lengthens the backoff: base seconds, doubled with each consecutive ejection, ±10 %, at most `maxSeconds`.
 */
export function cooldownMs(cause: CooldownCause, settings: CooldownSettings, random: () => number): number {
  const { reason, ejections, retryAfterMs } = cause
  const hintMs =
    retryAfterMs === undefined || Number.isNaN(retryAfterMs)
      ? null
      : Math.min(longestHintMs, Math.max(shortestHintMs, retryAfterMs))
  if (hintMs !== null && classes[reason] === 'limit') return hintMs
  const jitter = 1 - jitterShare + 2 * jitterShare * random()
  if (reason === 'quota') return quotaMs * jitter
  const baseMs = 1_000 * (reason === 'rate_limit' ? settings.rateLimitSeconds : settings.baseSeconds)
  const maxMs = 1_000 * settings.maxSeconds
  const doubledMs = Math.min(maxMs, baseMs * 2 ** Math.min(ejections - 1, mostDoublings))
  return Math.max(Math.min(maxMs, doubledMs * jitter), hintMs ?? 0)
}

import type { AttemptOutcome, FailureReason } from '../../../core/failure.ts'

/**
 * The pool of a whole fleet in a second telling of design §7: one flat record for a connection, as if all replicas were
 * one; what each has only for itself stands by replica. Jitter is none.
 */
export interface Reference {
  /** Ms; null: in the pool. */
  outUntil: number | null
  ejections: number
  /** Who sends the trial, since when. */
  trial: { attempt: number; replica: number; since: number } | null
  /** Ejections that an answered trial has not yet made good, by replica. */
  remembered: number[]
  /** Since its last return: [ms, was it a fault], by replica. */
  seen: [number, boolean][][]
}

export function createReference(replicas: number): Reference {
  return {
    outUntil: null,
    ejections: 0,
    trial: null,
    remembered: Array<number>(replicas).fill(0),
    seen: Array.from({ length: replicas }, () => []),
  }
}

const isFault = (reason: FailureReason) => ['provider_down', 'network', 'timeout'].includes(reason)
const isLimit = (reason: FailureReason) => ['rate_limit', 'quota'].includes(reason)

function penalty(reason: FailureReason, ejections: number, hintMs: number | undefined): number {
  const hint = hintMs === undefined ? null : Math.min(600_000, Math.max(1_000, hintMs))
  if (isLimit(reason) && hint !== null) return hint
  if (reason === 'quota') return 600_000
  const ms = (reason === 'rate_limit' ? 5_000 : 30_000) * 2 ** Math.min(ejections - 1, 10)
  return Math.max(Math.min(300_000, ms), hint ?? 0)
}

function isOneTooMany(seen: readonly [number, boolean][], now: number): boolean {
  if (seen.length >= 3 && seen.slice(-3).every(([, bad]) => bad)) return true
  const recent = seen.filter(([at]) => Math.floor(at / 5_000) > Math.floor(now / 5_000) - 12)
  return recent.length >= 10 && recent.filter(([, bad]) => bad).length * 2 > recent.length
}

export function comeBack(one: Reference, replica: number, remembered: number): void {
  const wasOut = one.outUntil !== null
  Object.assign(one, { outUntil: null, trial: null })
  one.remembered[replica] = remembered
  if (wasOut) for (const seen of one.seen) seen.length = 0
}

/** One attempt of this replica has come to an end. */
export function conclude(
  one: Reference,
  {
    attempt,
    replica,
    outcome,
    now,
  }: { attempt: number; replica: number; outcome: AttemptOutcome; now: number },
): void {
  const decides = one.trial?.attempt === attempt
  const seen = one.seen[replica] ?? []
  if (outcome.kind === 'neutral') {
    if (decides) one.trial = null
    return
  }
  if (outcome.kind === 'success') {
    if (decides) return comeBack(one, replica, 0)
    if (one.outUntil !== null) return
    seen.push([now, false])
    one.remembered[replica] = 0
    return
  }
  const { reason, retryAfterMs } = outcome
  // The replica with the trial hears nobody else.
  if (!decides && one.trial?.replica === replica) return
  if (!decides && isFault(reason)) {
    if (one.outUntil !== null) return
    seen.push([now, true])
    if (!isOneTooMany(seen, now)) return
  }
  if (one.outUntil === null) one.ejections = (one.remembered[replica] ?? 0) + 1
  else if (decides) one.ejections++
  const until = now + penalty(reason, one.ejections, retryAfterMs)
  if (decides || one.outUntil === null || until > one.outUntil) one.trial = null
  one.outUntil = Math.max(one.outUntil ?? 0, until)
  one.remembered.fill(0)
  for (const each of one.seen) each.length = 0
}

/** Time to first byte of one connection, smoothed. */
export interface Latency {
  readonly ms: number
  /** When it was last measured, monotonic ms. */
  readonly at: number
}

const smallestShare = 0.2
const halfLifeMs = 60_000

/** Exponentially weighted moving average. The longer ago the last measurement, the more the new one counts. */
export function measured(known: Latency | null, firstByteMs: number, now: number): Latency | null {
  if (!Number.isFinite(firstByteMs) || firstByteMs < 0) return known
  if (known === null) return { ms: firstByteMs, at: now }
  const share = Math.max(smallestShare, 1 - halvings(now - known.at))
  return { ms: known.ms + share * (firstByteMs - known.ms), at: now }
}

/** What is believed of a connection that nobody has asked since: halved every minute, so that it is asked again. */
export function faded(latency: Latency, now: number): number {
  return latency.ms * halvings(now - latency.at)
}

function halvings(ageMs: number): number {
  return Math.exp((-Math.LN2 * ageMs) / halfLifeMs)
}

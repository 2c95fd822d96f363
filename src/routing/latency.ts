/** Time to first byte of one connection, smoothed. */
export interface Latency {
  readonly ms: number
  /** When it was last measured, monotonic ms. */
  readonly at: number
}

const newestShare = 0.2
const halfLifeMs = 60_000

/** Exponentially weighted moving average; the first measurement counts whole. */
export function measured(known: Latency | null, firstByteMs: number, now: number): Latency | null {
  if (!Number.isFinite(firstByteMs) || firstByteMs < 0) return known
  return { ms: known === null ? firstByteMs : known.ms + newestShare * (firstByteMs - known.ms), at: now }
}

/** What is believed of a connection that nobody has asked since: halved every minute, so that it is asked again. */
export function faded({ ms, at }: Latency, now: number): number {
  return ms * Math.exp((-Math.LN2 * (now - at)) / halfLifeMs)
}

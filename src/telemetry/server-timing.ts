export interface Timings {
  readonly authMs: number
  /** Waiting for the upstream, up to now. */
  readonly upstreamMs: number
}

/** The value of `server-timing` (W3C Server Timing §3): `auth;dur=0.12, upstream;dur=34.5`, milliseconds. */
export function serverTiming({ authMs, upstreamMs }: Timings): string {
  return `auth;dur=${hundredths(authMs)}, upstream;dur=${hundredths(upstreamMs)}`
}

function hundredths(durationMs: number): number {
  return durationMs > 0 ? Math.round(durationMs * 100) / 100 : 0
}

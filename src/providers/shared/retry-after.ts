import type { HeaderMap } from '../../core/provider.ts'

/** The time at which an answer was sent, ms since 1970, by its `date` header; undefined without one. */
export function answeredAt(headers: HeaderMap): number | undefined {
  return httpDate(headers['date'])
}

/**
 * How long `retry-after-ms` or `retry-after` (seconds, fractions too, or an HTTP date counted from `now`) asks to
 * wait, ms. undefined: neither can be read.
 */
export function retryAfterMs(headers: HeaderMap, now = answeredAt(headers)): number | undefined {
  const ms = plainNumber(headers['retry-after-ms'])
  if (ms !== undefined) return ms
  const seconds = plainNumber(headers['retry-after'])
  if (seconds !== undefined) return seconds * 1000
  return msUntil(httpDate(headers['retry-after']), now)
}

/** From `now` to `then`, never below 0; undefined where either is not known. */
export function msUntil(then: number | undefined, now: number | undefined): number | undefined {
  return then === undefined || now === undefined ? undefined : Math.max(0, then - now)
}

/** A number without sign or exponent, as header fields write it. */
export function plainNumber(value: string | undefined): number | undefined {
  const text = value?.trim() ?? ''
  return /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined
}

/** Dates hold letters (`Wed, 21 Oct …`, `2025-07-29T09:59:33Z`); a bare number is none. */
export function httpDate(value: string | undefined): number | undefined {
  if (value === undefined || value.length > 64 || !/[A-Za-z]/.test(value)) return undefined
  const parsed = Date.parse(value)
  return Number.isNaN(parsed) ? undefined : parsed
}

/** Milliseconds as OpenAI writes resets: `12ms`, `6s`, `1m30s`, `2h0m5s`. */
export function openaiDuration(ms: number): string {
  if (ms > 0 && ms < 1000) return `${Math.ceil(ms)}ms`
  const seconds = Math.ceil(ms / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  if (hours > 0) return `${hours}h${minutes}m${seconds % 60}s`
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`
}

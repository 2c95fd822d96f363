import type { HeaderMap } from '../../core/provider.ts'
import { answeredAt, msUntil, plainNumber, retryAfterMs } from '../shared/retry-after.ts'

export interface RetryHintOptions {
  readonly headers: HeaderMap
  readonly message: string
  /** Wall clock, ms: what a date is counted from where the answer has no `date`. */
  readonly now?: number | undefined
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * How long the provider asks to be left alone, ms: `retry-after-ms`, `retry-after`, the reset of whichever rate limit
 * is used up, or the words of the message. undefined: it does not say.
 */
export function retryHint({ headers, message, now }: RetryHintOptions): number | undefined {
  const then = answeredAt(headers) ?? now
  return retryAfterMs(headers, then) ?? usedUpLimit(headers, then) ?? inWords(message)
}

const resetPrefix = 'x-ratelimit-reset'

/** The longest reset among limits with nothing remaining (`x-ratelimit-reset-requests`, `…-tokens-minute`, …). */
function usedUpLimit(headers: HeaderMap, now: number | undefined): number | undefined {
  let longest: number | undefined
  for (const name in headers) {
    if (!name.startsWith(resetPrefix)) continue
    const remaining = plainNumber(headers[`x-ratelimit-remaining${name.slice(resetPrefix.length)}`])
    const reset = resetMs(headers[name] ?? '', now)
    if (remaining === 0 && reset !== undefined) longest = Math.max(longest ?? 0, reset)
  }
  return longest
}

/** A duration (`1m30s`, `12ms`), seconds, or a time since 1970 in seconds or ms. */
function resetMs(text: string, now: number | undefined): number | undefined {
  const number = /^\d{13}$/.test(text) ? Number(text) : plainNumber(text)
  if (number === undefined) return duration(text)
  if (number > 1e11) return msUntil(number, now)
  return number > 1e9 ? msUntil(number * 1000, now) : number * 1000
}

/** OpenAI: "try again in 5m24.288s"; Azure: "retry after 86400 seconds". */
function inWords(message: string): number | undefined {
  const words = /\b(?:try again|retry|wait)\D{0,40}((?:\d[\d.]*\s?[a-z]{1,12}\s?){1,4})/i.exec(message)
  return words === null ? undefined : duration(words[1] as string)
}

const unitNames =
  /(\d{1,9}(?:\.\d{1,9})?)\s?(ms|milliseconds?|s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)(?![a-z])/gi

function duration(text: string): number | undefined {
  let total: number | undefined
  for (const [, amount, unit] of text.matchAll(unitNames)) {
    const name = (unit as string).toLowerCase()
    const key = name === 'ms' || name.startsWith('milli') ? 'ms' : name.charAt(0)
    total = (total ?? 0) + Number(amount) * (unitMs[key] as number)
  }
  return total
}

import type { HeaderMap } from '../../core/provider.ts'
import { answeredAt, httpDate, msUntil, openaiDuration, plainNumber } from '../shared/retry-after.ts'

const prefix = 'anthropic-ratelimit-'
const limits = ['requests', 'tokens', 'input-tokens', 'output-tokens']

/** The longest wait, from `now`, for a limit with nothing remaining, ms; undefined where none is used up. */
export function usedUpMs(headers: HeaderMap, now: number | undefined): number | undefined {
  const waits = limits
    .filter((limit) => plainNumber(headers[`${prefix}${limit}-remaining`]) === 0)
    .map((limit) => msUntil(httpDate(headers[`${prefix}${limit}-reset`]), now))
    .filter((wait) => wait !== undefined)
  return waits.length === 0 ? undefined : Math.max(...waits)
}

/**
 * Anthropic's limits under OpenAI's names: `x-ratelimit-limit-requests`, `…-remaining-…`, `…-reset-…`, and the same for
 * tokens (providers' facts §2.6, §6.7). Resets become durations, counted from the answer's own `date`.
 */
export function openaiRateLimits(headers: HeaderMap): Record<string, string> {
  const now = answeredAt(headers)
  const mapped: Record<string, string> = {}
  for (const limit of ['requests', 'tokens']) {
    for (const kind of ['limit', 'remaining']) {
      const value = headers[`${prefix}${limit}-${kind}`]
      if (plainNumber(value) !== undefined) mapped[`x-ratelimit-${kind}-${limit}`] = value as string
    }
    const wait = msUntil(httpDate(headers[`${prefix}${limit}-reset`]), now)
    if (wait !== undefined) mapped[`x-ratelimit-reset-${limit}`] = openaiDuration(wait)
  }
  return mapped
}

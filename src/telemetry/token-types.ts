import type { Usage } from '../core/usage.ts'

/** The values of `type` in `modelgate_tokens_total`. They do not overlap, so that their sum is all tokens. */
export const tokenTypes = ['input', 'cached_input', 'output', 'reasoning'] as const
export type TokenType = (typeof tokenTypes)[number]

/**
 * Parts a usage, in which cached tokens are part of the input and reasoning part of the output, into types that do not
 * overlap. What a provider states beyond reason (a part larger than its whole, a negative) is cut to fit.
 */
export function tokensByType(usage: Usage): Record<TokenType, number> {
  const cached = Math.min(count(usage.cachedInput), count(usage.input))
  const reasoning = Math.min(count(usage.reasoning), count(usage.output))
  return {
    input: count(usage.input) - cached,
    cached_input: cached,
    output: count(usage.output) - reasoning,
    reasoning,
  }
}

function count(tokens: number): number {
  return tokens > 0 && Number.isFinite(tokens) ? tokens : 0
}

/**
 * Why an upstream failed, in the words that health, metrics, validation and the error table share (design §5, §7).
 * What each does to its connection stands in `routing/`.
 */
export const failureReasons = [
  'rate_limit',
  'authentication',
  'permission',
  'model_not_found',
  'model_deprecated',
  'region',
  'quota',
  'provider_down',
  'network',
  'timeout',
] as const

export type FailureReason = (typeof failureReasons)[number]

/** What one attempt on a connection came to. `neutral`: nothing was learned of the connection (the request's own fault, or the client left). */
export type AttemptOutcome =
  | { readonly kind: 'success'; readonly firstByteMs: number }
  | {
      readonly kind: 'failure'
      readonly reason: FailureReason
      readonly retryAfterMs?: number | undefined
      readonly message: string
    }
  | { readonly kind: 'neutral' }

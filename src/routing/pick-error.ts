import { GatewayError } from '../core/errors.ts'

/**
 * Of one request's failures the one that its client can act on best: its own 4xx, else 429, 503, 504, and last the
 * upstream's other failures (design §4). Of equals the first. 429 and 503 say when the next candidate returns, which is
 * asked only for them: whoever is told so is expected back.
 */
export function pickError(errors: readonly GatewayError[], soonestReturn: () => number | null): GatewayError {
  const [first] = errors
  if (first === undefined) throw new Error('a request that failed has an error')
  const picked = errors.reduce((best, error) => (rank(error) < rank(best) ? error : best), first)
  if (picked.status !== 429 && picked.status !== 503) return picked
  const waitMs = soonestReturn()
  return waitMs === null ? picked : withRetryAfter(picked, Math.max(1, Math.ceil(waitMs)))
}

function rank({ status, reason }: GatewayError): number {
  if (status === 429) return 1
  // A 404 for the gateway's own model id is the connection's fault, not the caller's.
  if (status < 500 && reason === null) return 0
  if (status === 503) return 2
  return status === 504 ? 3 : 4
}

function withRetryAfter(error: GatewayError, retryAfterMs: number): GatewayError {
  return new GatewayError(error.code, error.message, {
    param: error.param,
    status: error.status,
    upstreamCode: error.shownCode,
    upstreamType: error.type,
    reason: error.reason,
    retryAfterMs,
    costly: error.costly,
    ...(error.upstream === null ? {} : { upstream: error.upstream }),
    cause: error,
  })
}

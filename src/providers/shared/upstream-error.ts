import { type ErrorCode, GatewayError } from '../../core/errors.ts'
import type { FailureReason } from '../../core/failure.ts'
import { isContextOverflow } from './context-overflow.ts'
import { scrub } from './scrub.ts'

export interface UpstreamFault {
  readonly status: number
  /** The provider's own words, or null; keys are taken out here. */
  readonly message: string | null
  /** What the provider's table knows better than the status; null: the request's own fault. Default: by status. */
  readonly reason?: FailureReason | null
  readonly retryAfterMs?: number | undefined
}

/** What a status alone says of a connection (design §4, §7). null: the request's own fault. */
export function reasonOfStatus(status: number): FailureReason | null {
  switch (status) {
    case 400:
    case 404:
    case 413:
    case 415:
    case 422:
      return null
    case 401:
      return 'authentication'
    case 402:
      return 'quota'
    case 403:
      return 'permission'
    case 429:
      return 'rate_limit'
    default:
      return 'provider_down'
  }
}

const codes: Record<FailureReason, ErrorCode> = {
  rate_limit: 'rate_limit_exceeded',
  quota: 'rate_limit_exceeded',
  authentication: 'upstream_auth_failed',
  permission: 'upstream_auth_failed',
  model_not_found: 'model_not_found',
  model_deprecated: 'model_not_found',
  region: 'model_not_found',
  provider_down: 'upstream_error',
  network: 'upstream_error',
  timeout: 'upstream_timeout',
}

/** The gateway's error for a provider's refusal or failure. Total. */
export function upstreamError(fault: UpstreamFault): GatewayError {
  const { status, retryAfterMs, reason = reasonOfStatus(status) } = fault
  const message = scrub(fault.message?.trim() || `The provider answered with status ${status}.`)
  if (reason === null) return refusal(status, message)
  return new GatewayError(codes[reason], message, {
    reason,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    // A limit is refused before any work is done.
    costly: reason !== 'rate_limit' && reason !== 'quota',
  })
}

/** The request's own fault keeps the provider's status, so far as it is one that a client can act on. */
function refusal(status: number, message: string): GatewayError {
  if (isContextOverflow(message)) return new GatewayError('context_length_exceeded', message)
  if (status === 413) return new GatewayError('request_too_large', message)
  const shown = status >= 400 && status < 500 ? status : 400
  return new GatewayError('invalid_request', message, { status: shown })
}

/** An answer, or a stream, that is not what the protocol promises: 502, the provider's failure. */
export function malformed(what: string): GatewayError {
  return new GatewayError('upstream_error', what, { reason: 'provider_down' })
}

import { type ErrorCode, GatewayError, type GatewayErrorOptions } from '../../core/errors.ts'
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
  /** The status is what the error's name means: it came inside an answer that began with 200. */
  readonly inStream?: boolean
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

/** What callers read of each reason: the provider's own words on the gateway's account are for operators. */
const rows: Record<Exclude<FailureReason, 'provider_down'>, readonly [ErrorCode, string]> = {
  authentication: ['upstream_auth_failed', "The provider did not accept the gateway's credential."],
  permission: ['upstream_auth_failed', "The gateway's credential may not use this model at the provider."],
  region: ['upstream_auth_failed', 'The provider does not serve the place the gateway calls from.'],
  quota: ['rate_limit_exceeded', "The gateway's quota at the provider is used up."],
  rate_limit: ['rate_limit_exceeded', "The gateway's rate limit at the provider is reached."],
  model_not_found: ['upstream_error', 'The provider does not know the model behind this connection.'],
  model_deprecated: ['upstream_error', 'The provider no longer serves the model behind this connection.'],
  network: ['upstream_error', 'The connection to the provider failed.'],
  timeout: ['upstream_timeout', 'The provider gave up on the request.'],
}

/**
 * The gateway's error for a provider's refusal or failure (design §4, §7). Total. An API says why it grants no
 * permission; a page without words for us is a firewall's in front of it, which may have taken offence at this one
 * request's text: that counts, but must not take the connection from everybody at once.
 */
export function upstreamError(fault: UpstreamFault): GatewayError {
  const { status, retryAfterMs, inStream = false } = fault
  const said = scrub(fault.message?.trim() ?? '')
  const meant = fault.reason === undefined ? reasonOfStatus(status) : fault.reason
  const reason = meant === 'permission' && said === '' && !inStream ? 'provider_down' : meant
  const shared: GatewayErrorOptions = {
    upstream: { status: inStream ? null : status, message: said },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
  if (reason === null) return refusal(status, said, shared)
  if (reason === 'provider_down') {
    const message = `The provider failed (${status})${said === '' ? '.' : `: ${said}`}`
    return new GatewayError('upstream_error', message, { ...shared, reason })
  }
  const [code, message] = rows[reason]
  // All of these but a lost connection are refused at the door, before any work is done.
  const costly = reason === 'network' || reason === 'timeout'
  return new GatewayError(code, message, { ...shared, reason, costly })
}

/** The request's own fault keeps the provider's words, and its status so far as a client can act on it. */
function refusal(status: number, said: string, shared: GatewayErrorOptions): GatewayError {
  if (isContextOverflow(said)) return new GatewayError('context_length_exceeded', said, shared)
  const message = said || `The provider refused the request (${status}).`
  if (status === 413) return new GatewayError('request_too_large', message, shared)
  const shown = status > 403 && status < 500 && status !== 429 ? status : 400
  return new GatewayError('invalid_request', message, { ...shared, status: shown })
}

/** An answer, or a stream, that is not what the protocol promises: 502, the provider's failure. */
export function malformed(what: string): GatewayError {
  return new GatewayError('upstream_error', what, { reason: 'provider_down' })
}

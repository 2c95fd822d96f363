import { GatewayError } from '../../core/errors.ts'

/** The gateway's own identity is missing or refused: a matter of its deployment, not of the request. */
export function noKeys(message: string, cause?: unknown): GatewayError {
  return new GatewayError('upstream_auth_failed', message, { reason: 'authentication', costly: false, cause })
}

/** What an endpoint's status says: refused, or out of order for now. */
export function refusedKeys(source: string, status: number): GatewayError {
  if (status >= 400 && status < 500 && status !== 429) {
    return noKeys(`${source} refused the gateway its credentials: status ${status}.`)
  }
  return new GatewayError('upstream_error', `${source} failed: status ${status}.`, {
    reason: 'provider_down',
    costly: false,
  })
}

import type { Signal } from '../../core/cancellation.ts'
import type { Credential } from '../../core/entities.ts'
import type { Eventually, UpstreamRequest } from '../../core/provider.ts'

/**
 * Authorises a request over its final bytes, anew on every attempt: answers it with headers added. Throws GatewayError,
 * `costly: false`, where the credential cannot do it; with the signal's reason after an abort.
 */
export type Signer = (
  request: UpstreamRequest,
  credential: Credential,
  signal: Signal,
) => Eventually<UpstreamRequest>

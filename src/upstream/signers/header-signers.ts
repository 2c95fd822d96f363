import type { Credential } from '../../core/entities.ts'
import { GatewayError } from '../../core/errors.ts'
import type { UpstreamRequest } from '../../core/provider.ts'
import type { Signer } from './signer.ts'

/** For upstreams that need no key. */
export const signNothing: Signer = (request) => request

/** `authorization: Bearer` with the credential's `api_key`, or Bedrock's `aws_bearer_token` (RFC 6750 §2.1). */
export const signBearer: Signer = (request, credential) => {
  const field = credential.secrets['aws_bearer_token'] === undefined ? 'api_key' : 'aws_bearer_token'
  return withHeader(request, 'authorization', `Bearer ${headerSecret(credential, field)}`)
}

/** The `api_key` as it is, in a header of this name. */
export function signWithHeader(name: string): Signer {
  return (request, credential) => withHeader(request, name, headerSecret(credential, 'api_key'))
}

/** A secret fit for a header's value (RFC 9110 §5.5). Throws GatewayError, which does not show it, for one that is not. */
export function headerSecret({ secrets }: Credential, field: string): string {
  const value = secrets[field]?.reveal() ?? ''
  if (value === '') throw unusable(`The credential has no \`${field}\`.`)
  if (/[^\x20-\x7e\x80-\xff]/.test(value)) {
    throw unusable(
      `The credential's \`${field}\` holds a line break or another character that no header can carry.`,
    )
  }
  if (value.trim() !== value) throw unusable(`The credential's \`${field}\` begins or ends with a space.`)
  return value
}

export function withHeader(request: UpstreamRequest, name: string, value: string): UpstreamRequest {
  return { ...request, headers: { ...request.headers, [name]: value } }
}

function unusable(message: string): GatewayError {
  return new GatewayError('upstream_auth_failed', message, { reason: 'authentication', costly: false })
}

import type { GatewayError } from '../core/errors.ts'

const MAX_DESCRIPTION = 200

/**
 * The header `www-authenticate` for a 401 (RFC 6750 §3): a caller that showed nothing is only asked for a token, any
 * other is told what is wrong with its own, in the characters that a description may have.
 */
export function wwwAuthenticate({ code, message }: GatewayError): string {
  const challenge = 'Bearer realm="modelgate"'
  if (code === 'missing_api_key') return challenge
  const description = message.replaceAll(/["\\]/g, "'").replaceAll(/[^\x20-\x7e]/g, '?')
  return `${challenge}, error="invalid_token", error_description="${description.slice(0, MAX_DESCRIPTION)}"`
}

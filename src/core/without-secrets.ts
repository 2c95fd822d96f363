import type { Credential } from './entities.ts'
import type { GatewayError } from './errors.ts'

/** Shorter ones are no secrets, and would take words out of any text. */
const shortest = 6

/**
 * The failure without the credential's own secrets, in whatever spelling a provider may have echoed them. Patterns of
 * keys (`sk-…`) are taken out where messages are read; this knows the very values, whatever they look like. `others` are
 * secrets too: tokens that were exchanged for the credential's own.
 */
export function withoutSecrets(
  error: GatewayError,
  { secrets }: Credential,
  others: readonly string[] = [],
): GatewayError {
  const values = [...Object.values(secrets).map((secret) => secret.reveal()), ...others]
  const spellings = values.flatMap(spellingsOf)
  const clean = (text: string): string =>
    spellings.reduce((rest, spelling) => rest.replaceAll(spelling, '[redacted]'), text)
  const { message, upstream } = error
  if (clean(message) === message && (upstream === null || clean(upstream.message) === upstream.message))
    return error
  return error.withTexts(clean)
}

function spellingsOf(value: string): string[] {
  if (value.length < shortest) return []
  const base64 = Buffer.from(value).toString('base64')
  // As it is sent: half of a surrogate pair has no encoding.
  const encoded = encodeURIComponent(value.toWellFormed())
  const all = [
    value,
    encoded,
    // What is unreserved may be written encoded all the same.
    encoded.replaceAll('-', '%2D').replaceAll('_', '%5F').replaceAll('.', '%2E'),
    JSON.stringify(value).slice(1, -1),
    base64,
    base64.replace(/=+$/, ''),
    Buffer.from(value).toString('base64url'),
    Buffer.from(value).toString('hex'),
  ]
  return [...new Set(all)].toSorted((one, other) => other.length - one.length)
}

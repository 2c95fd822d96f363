import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'

/** The algorithms a token may be signed with and the keys each takes (RFC 7518 §3.1, RFC 8037): asymmetric ones only. */
const table = {
  RS256: { kty: 'RSA', crv: null },
  RS384: { kty: 'RSA', crv: null },
  RS512: { kty: 'RSA', crv: null },
  PS256: { kty: 'RSA', crv: null },
  PS384: { kty: 'RSA', crv: null },
  PS512: { kty: 'RSA', crv: null },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
} as const

export type Algorithm = keyof typeof table

export const algorithms = Object.keys(table) as readonly Algorithm[]

/** A public key of an issuer's set, fit to verify signatures. */
export interface PublishedKey {
  readonly kid: string | null
  readonly kty: string
  readonly crv: string | null
  /** The one algorithm the issuer restricts it to; null: any that suits its type. */
  readonly alg: string | null
  readonly key: KeyObject
  /** The same for the same key with the same restrictions. */
  readonly fingerprint: string
  /** The issuer has withdrawn it since. */
  retired: boolean
}

/** What a token's header says of its key. */
export interface KeyHint {
  readonly alg: Algorithm
  readonly kid: string | null
}

/** What was fetched is no set of keys. The message holds nothing of it. */
export class InvalidKeySet extends Error {}

const MAX_CHARACTERS = 1024 * 1024
const MAX_KEYS = 100
const MIN_RSA_BITS = 2048

/**
 * Reads a JSON Web Key Set (RFC 7517 §5) of at most 1 MiB and 100 keys. Keys for other uses, of other types, unreadable
 * ones and RSA keys under 2048 bits (RFC 7518 §3.3) are left out. Throws InvalidKeySet.
 */
export function readKeySet(text: string): PublishedKey[] {
  const { keys } = readObject(text)
  if (!Array.isArray(keys)) throw new InvalidKeySet('not a JSON Web Key Set: it has no list `keys`')
  if (keys.length > MAX_KEYS) throw new InvalidKeySet(`the set has more than ${MAX_KEYS} keys`)
  return keys.map(readKey).filter((key) => key !== null)
}

/** Parses a bounded JSON object, or throws InvalidKeySet. */
export function readObject(text: string): Readonly<Record<string, unknown>> {
  if (text.length > MAX_CHARACTERS) throw new InvalidKeySet('the answer is larger than 1 MiB')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new InvalidKeySet('the answer is not JSON')
  }
  if (!isRecord(parsed)) throw new InvalidKeySet('the answer is not a JSON object')
  return parsed
}

export function fits(key: PublishedKey, { alg, kid }: KeyHint): boolean {
  const { kty, crv } = table[alg]
  return (
    key.kty === kty &&
    key.crv === crv &&
    (key.alg === null || key.alg === alg) &&
    (kid === null || key.kid === kid)
  )
}

function readKey(value: unknown): PublishedKey | null {
  if (!isRecord(value)) return null
  const { kty, crv = null, kid = null, alg = null, use = 'sig', key_ops: operations = ['verify'] } = value
  if (use !== 'sig' || !Array.isArray(operations) || !operations.includes('verify')) return null
  if ((kid !== null && typeof kid !== 'string') || (alg !== null && typeof alg !== 'string')) return null
  const type = Object.values(table).find((known) => known.kty === kty && known.crv === crv)
  if (type === undefined) return null
  const key = importKey(value)
  if (key === null) return null
  const fingerprint = JSON.stringify([kid, alg, key.export({ format: 'jwk' })])
  return { kid, kty: type.kty, crv: type.crv, alg, key, fingerprint, retired: false }
}

/** Takes the public members alone, so that a private key published by mistake is never held. */
function importKey({ kty, crv, n, e, x, y }: Readonly<Record<string, unknown>>): KeyObject | null {
  try {
    const key = createPublicKey({ key: { kty, crv, n, e, x, y } as webcrypto.JsonWebKey, format: 'jwk' })
    const bits = key.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS
    return bits < MIN_RSA_BITS ? null : key
  } catch {
    return null
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

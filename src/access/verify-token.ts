import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose'
import type { Clock } from '../core/clock.ts'
import type { Principal } from '../core/entities.ts'
import type { GatewayKey } from './gateway-key.ts'
import type { Issuer } from './issuer.ts'
import type { KeyHint, PublishedKey } from './json-web-keys.ts'
import { Refusal, type AuthFailure } from './refusals.ts'
import { createTokenCache, rememberDigests, type VerifiedToken } from './token-cache.ts'
import { MAX_TOKEN_CHARACTERS } from './token-size.ts'

export interface TokenVerifier {
  /**
   * The caller a token names (RFC 7519, RFC 8725): at once, without a promise, where the token was verified before.
   * Throws or rejects with Refusal: 401 `missing_api_key`, `invalid_api_key`, `token_expired`, or 503 where its
   * issuer's keys cannot be had. `caller` is what the token came on, a client's socket: while that lives, its token is
   * known again without being hashed anew.
   */
  verify(token: string, caller?: object): Principal | Promise<Principal>
  /** From now until `untilExp` (seconds since 1970, the token's `exp`) tokens with this `jti` are refused. */
  revoke(tokenId: string, untilExp: number): void
  /** Starts loading every issuer's keys in the background, so that no caller has to wait for them. */
  warm(): void
}

export interface TokenVerifierOptions {
  issuers: readonly Issuer[]
  /** null: the gateway issues no keys of its own. */
  gatewayKey: Pick<GatewayKey, 'issuer'> | null
  clock: Clock
  /** Verified tokens held. */
  cacheSize?: number
  /** How far the issuers' clocks may be off. */
  leewaySeconds?: number
  /** For `modelgate_auth_failures_total{reason}`. Must not throw. */
  onFailure?: (reason: AuthFailure) => void
}

export function createTokenVerifier({
  issuers,
  gatewayKey,
  clock,
  cacheSize = 10_000,
  leewaySeconds = 30,
  onFailure = () => {},
}: TokenVerifierOptions): TokenVerifier {
  const trusted = gatewayKey === null ? issuers : [...issuers, gatewayKey.issuer]
  const issuerByName = new Map(trusted.map((issuer) => [issuer.name, issuer]))
  const cache = createTokenCache({ clock, maxEntries: cacheSize, leewaySeconds })
  const digestOf = rememberDigests()

  /** The issuer is chosen by what the token says unverified; from there on only that issuer's keys count. */
  async function check(token: string): Promise<VerifiedToken> {
    const { alg, kid, iss } = readUnverified(token)
    const issuer = issuerByName.get(iss)
    if (issuer === undefined) throw new Refusal('unknown_issuer')
    const algorithm = issuer.algorithms.find((accepted) => accepted === alg)
    if (algorithm === undefined) throw new Refusal('algorithm')
    const { key, claims } = await verifyFor(issuer, { alg: algorithm, kid }, token)
    const principal = issuer.principal(claims)
    if (cache.isRevoked(principal.tokenId)) throw new Refusal('revoked')
    return { principal, expiresAt: claims.exp ?? 0, key, keys: issuer.keys }
  }

  async function verifyFor(issuer: Issuer, hint: KeyHint, token: string) {
    const candidates = await issuer.keys.find(hint)
    if (candidates.length === 0) throw new Refusal('unknown_key')
    const expected = {
      algorithms: [hint.alg],
      issuer: issuer.name,
      audience: [...issuer.audiences],
      requiredClaims: ['exp'],
      clockTolerance: leewaySeconds,
      currentDate: new Date(clock.now()),
    }
    for (const key of candidates) {
      const claims = await claimsSignedWith(key, token, expected)
      if (claims !== null) return { key, claims }
    }
    throw new Refusal('signature')
  }

  async function verifyAnew(token: string, digest: string): Promise<Principal> {
    try {
      const verified = await check(token)
      cache.set(digest, verified)
      return verified.principal
    } catch (error) {
      if (error instanceof Refusal) onFailure(error.failure)
      throw error
    }
  }

  return {
    verify(token, caller) {
      if (token === '' || token.length > MAX_TOKEN_CHARACTERS) {
        const refusal = new Refusal(token === '' ? 'missing' : 'too_large')
        onFailure(refusal.failure)
        throw refusal
      }
      const digest = digestOf(token, caller)
      const held = cache.get(digest)
      if (held === undefined) return verifyAnew(token, digest)
      // Traffic of known tokens alone must still notice that the issuer has withdrawn a key.
      held.keys.touch()
      return held.principal
    },
    revoke: (tokenId, untilExp) => cache.revoke(tokenId, untilExp),
    warm() {
      for (const { keys } of trusted) keys.touch()
    },
  }
}

interface Unverified {
  readonly alg: unknown
  readonly kid: string | null
  readonly iss: string
}

function readUnverified(token: string): Unverified {
  try {
    const { alg, kid = null } = decodeProtectedHeader(token) as { alg?: unknown; kid?: unknown }
    const { iss } = decodeJwt(token)
    if (typeof iss === 'string' && (kid === null || typeof kid === 'string')) return { alg, kid, iss }
  } catch {
    // Falls to the refusal below.
  }
  throw new Refusal('malformed')
}

/** The claims of a good token; null where the signature is not this key's. Throws Refusal for any other fault. */
async function claimsSignedWith(
  { key }: PublishedKey,
  token: string,
  expected: Parameters<typeof jwtVerify>[2],
): Promise<JWTPayload | null> {
  try {
    return (await jwtVerify(token, key, expected)).payload
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return null
    // The library's errors hold the token's claims: none goes on as a cause.
    if (error instanceof errors.JOSEError) throw refusalFor(error)
    throw error
  }
}

function refusalFor(error: errors.JOSEError): Refusal {
  if (error instanceof errors.JWTExpired) return new Refusal('expired')
  if (!(error instanceof errors.JWTClaimValidationFailed)) return new Refusal('malformed')
  const { claim, reason } = error
  if (claim === 'aud') return new Refusal('audience')
  if (claim === 'nbf' && reason === 'check_failed') return new Refusal('not_yet_valid')
  const message = `The token's claim \`${claim}\` is ${reason === 'missing' ? 'missing' : 'not valid'}.`
  return new Refusal('malformed', { message })
}

import { hash } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import type { Principal } from '../core/entities.ts'
import type { PublishedKey } from './json-web-keys.ts'
import type { KeySet } from './key-set.ts'

/** A token that was found good. */
export interface VerifiedToken {
  readonly principal: Principal
  /** The token's `exp`, seconds since 1970. */
  readonly expiresAt: number
  /** What it was signed with, and the set that key came from. */
  readonly key: PublishedKey
  readonly keys: KeySet
}

export interface TokenCache {
  /** Never after `exp`, the token's revocation, or its issuer's withdrawal of the key. */
  get(digest: string): VerifiedToken | undefined
  set(digest: string, token: VerifiedToken): void
  /** From now until `untilExp` (seconds since 1970, the token's `exp`) tokens with this `jti` are refused. */
  revoke(tokenId: string, untilExp: number): void
  isRevoked(tokenId: string | null): boolean
}

export interface TokenCacheOptions {
  clock: Clock
  maxEntries: number
  /** How long a token is accepted after its `exp`, and so its revocation held. */
  leewaySeconds: number
}

const FIRST_PRUNE = 1_024

/** The cache's key: SHA-256 of the whole token, in the shortest form a string can have. */
export function tokenDigest(token: string): string {
  return hash('sha256', token, 'latin1')
}

/**
 * `tokenDigest`, made once for the requests of one caller that show the same token. A token is held no longer than the
 * caller that shows it, and only its digest is remembered of it: what the digest leads to is asked each time.
 */
export function rememberDigests(): (token: string, caller: object | undefined) => string {
  const last = new WeakMap<object, { readonly token: string; readonly digest: string }>()
  return (token, caller) => {
    if (caller === undefined) return tokenDigest(token)
    const known = last.get(caller)
    if (known?.token === token) return known.digest
    const digest = tokenDigest(token)
    last.set(caller, { token, digest })
    return digest
  }
}

/** Verified tokens, the least recently used left out first. */
export function createTokenCache({ clock, maxEntries, leewaySeconds }: TokenCacheOptions): TokenCache {
  const tokens = new Map<string, VerifiedToken>()
  const revokedUntil = new Map<string, number>()
  let pruneAt = FIRST_PRUNE

  const isRevoked = (tokenId: string | null) => tokenId !== null && revokedUntil.has(tokenId)

  function forgetPast(): void {
    const past = clock.now() / 1_000 - leewaySeconds
    for (const [tokenId, until] of revokedUntil) if (until < past) revokedUntil.delete(tokenId)
    pruneAt = Math.max(FIRST_PRUNE, revokedUntil.size * 2)
  }

  return {
    get(digest) {
      const token = tokens.get(digest)
      if (token === undefined) return undefined
      const isGood =
        clock.now() < token.expiresAt * 1_000 && !token.key.retired && !isRevoked(token.principal.tokenId)
      if (!isGood || tokens.size * 2 > maxEntries) tokens.delete(digest)
      if (!isGood) return undefined
      // A map keeps the order in which entries were put in: back to the end. While there is room nobody asks for it,
      // and each move would leave the collector a piece of the map.
      if (tokens.size * 2 >= maxEntries) tokens.set(digest, token)
      return token
    },
    set(digest, token) {
      tokens.delete(digest)
      tokens.set(digest, token)
      if (tokens.size <= maxEntries) return
      for (const oldest of tokens.keys()) {
        tokens.delete(oldest)
        break
      }
    },
    revoke(tokenId, untilExp) {
      revokedUntil.set(tokenId, Math.max(untilExp, revokedUntil.get(tokenId) ?? 0))
      if (revokedUntil.size >= pruneAt) forgetPast()
    },
    isRevoked,
  }
}

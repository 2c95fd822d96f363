import { describe, expect, it } from 'vitest'
import { readKeySet, type PublishedKey } from './json-web-keys.ts'
import { createManualClock } from './testing/manual-clock.ts'
import { createSigningKey, keySetText } from './testing/signing-key.ts'
import { createTokenCache, rememberDigests, tokenDigest, type VerifiedToken } from './token-cache.ts'

const [key] = readKeySet(keySetText([await createSigningKey('one')])) as [PublishedKey]
const keys = { find: () => [key], touch: () => {} }

function setUp(maxEntries = 3) {
  const clock = createManualClock()
  const nowSeconds = clock.now() / 1_000
  const cache = createTokenCache({ clock, maxEntries, leewaySeconds: 30 })
  const token = (tokenId: string | null, lifetime = 60): VerifiedToken => ({
    principal: { subject: 's', issuer: 'i', teams: [], roles: [], tokenId, admin: false, models: null },
    expiresAt: nowSeconds + lifetime,
    key,
    keys,
  })
  return { clock, cache, token, nowSeconds }
}

describe('the token cache', () => {
  it('holds the most recently used tokens', () => {
    const { cache, token } = setUp(3)
    for (const name of ['a', 'b', 'c']) cache.set(name, token(name))
    expect(cache.get('a')).toBeDefined()
    cache.set('d', token('d'))
    expect(['a', 'b', 'c', 'd'].map((name) => cache.get(name)?.principal.tokenId)).toEqual([
      'a',
      undefined,
      'c',
      'd',
    ])
  })

  it('holds a token to the millisecond before its expiry', () => {
    const { cache, token, clock } = setUp()
    cache.set('a', token('a', 60))
    clock.advance(59_999)
    expect(cache.get('a')).toBeDefined()
    clock.advance(1)
    expect(cache.get('a')).toBeUndefined()
  })

  it('empties what is revoked, and nothing else', () => {
    const { cache, token, nowSeconds } = setUp()
    cache.set('a', token('id-a'))
    cache.set('b', token(null))
    cache.revoke('id-a', nowSeconds + 60)
    expect(cache.get('a')).toBeUndefined()
    expect(cache.get('b')).toBeDefined()
    expect(cache.isRevoked('id-a')).toBe(true)
    expect(cache.isRevoked(null)).toBe(false)
  })

  it('forgets revocations only when their tokens could no longer be accepted', () => {
    const { cache, clock, nowSeconds } = setUp()
    cache.revoke('old', nowSeconds + 60)
    cache.revoke('prolonged', nowSeconds + 60)
    cache.revoke('prolonged', nowSeconds + 600)
    cache.revoke('prolonged', nowSeconds + 60)
    const revokeMany = (round: string) => {
      for (let index = 0; index < 3_000; index += 1) cache.revoke(`${round}-${index}`, nowSeconds + 60)
    }
    clock.advance(89_000)
    revokeMany('first')
    expect(cache.isRevoked('old')).toBe(true)
    clock.advance(2_000)
    revokeMany('second')
    expect(cache.isRevoked('old')).toBe(false)
    expect(cache.isRevoked('prolonged')).toBe(true)
  })
})

it('tokenDigest tells tokens apart by every character', () => {
  expect(tokenDigest('a.b.c')).toBe(tokenDigest('a.b.c'))
  expect(tokenDigest('a.b.c')).not.toBe(tokenDigest('a.b.d'))
  expect(tokenDigest('a.b.c')).toHaveLength(32)
})

it("a caller's digest is its present token's, whatever it or others have shown before", () => {
  const digestOf = rememberDigests()
  const [one, other] = [{}, {}]
  for (const [caller, token] of [
    [one, 'a.b.c'],
    [other, 'a.b.d'],
    [one, 'a.b.c'],
    [one, 'a.b.d'],
    [undefined, 'a.b.e'],
  ] as const) {
    expect(digestOf(token, caller)).toBe(tokenDigest(token))
  }
})

import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fits, InvalidKeySet, readKeySet } from './json-web-keys.ts'
import { createSigningKey } from './testing/signing-key.ts'

const { publicJwk } = await createSigningKey('one')

function kept(...keys: unknown[]): (string | null)[] {
  return readKeySet(JSON.stringify({ keys })).map(({ kid }) => kid)
}

describe('readKeySet', () => {
  it('leaves out what cannot verify a signature', () => {
    const { kid: _kid, ...unnamed } = publicJwk
    expect(
      kept(
        { ...publicJwk, kid: 'encryption', use: 'enc' },
        { ...publicJwk, kid: 'signing-only', key_ops: ['sign'] },
        { ...publicJwk, kid: 'other-curve', crv: 'secp256k1' },
        { ...publicJwk, kid: 'off-the-curve', x: publicJwk.y },
        { ...publicJwk, kid: 7 },
        { kty: 'oct', kid: 'shared', k: 'c2VjcmV0' },
        { kty: 'RSA', kid: 'no-modulus', e: 'AQAB' },
        null,
        'key',
        unnamed,
        { ...publicJwk, key_ops: ['verify'] },
      ),
    ).toEqual([null, 'one'])
  })

  it('leaves out RSA keys under 2048 bits', () => {
    const rsa = (modulusLength: number) => ({
      ...generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' }),
      kid: `${modulusLength}`,
    })
    expect(kept(rsa(1_024), rsa(2_047), rsa(2_048))).toEqual(['2048'])
  })

  it('takes the public half of a private key that was published', () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const [key] = readKeySet(JSON.stringify({ keys: [privateKey.export({ format: 'jwk' })] }))
    expect(key?.key.type).toBe('public')
    expect(key?.key.equals(createPublicKey(privateKey))).toBe(true)
    expect(key?.fingerprint).not.toContain(privateKey.export({ format: 'jwk' }).d)
  })

  it('quotes nothing of what it cannot read', () => {
    expect(() => readKeySet('secret')).toThrow(new InvalidKeySet('the answer is not JSON'))
  })
})

describe('fits', () => {
  const [key] = readKeySet(JSON.stringify({ keys: [publicJwk] }))

  it("asks for the key's name, type, curve and algorithm", () => {
    if (key === undefined) throw new Error('no key')
    expect(fits(key, { alg: 'ES256', kid: 'one' })).toBe(true)
    expect(fits(key, { alg: 'ES256', kid: null })).toBe(true)
    expect(fits(key, { alg: 'ES256', kid: 'two' })).toBe(false)
    expect(fits(key, { alg: 'ES384', kid: 'one' })).toBe(false)
    expect(fits(key, { alg: 'RS256', kid: 'one' })).toBe(false)
    expect(fits({ ...key, alg: null }, { alg: 'ES256', kid: 'one' })).toBe(true)
    expect(fits({ ...key, alg: 'RS256' }, { alg: 'ES256', kid: 'one' })).toBe(false)
    expect(fits({ ...key, kid: null }, { alg: 'ES256', kid: 'one' })).toBe(false)
  })
})

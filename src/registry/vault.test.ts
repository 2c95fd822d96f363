import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseMasterKeys } from './master-key.ts'
import { createVault, VaultError, type VaultFailure } from './vault.ts'

const encoded = (fill: number) => Buffer.alloc(32, fill).toString('base64')
const vaultOf = (keys: string) => createVault({ keys: parseMasterKeys(keys) })
const one = encoded(1)
const two = encoded(2)
const secret = Buffer.from('the secret')

function failure(work: () => unknown): VaultFailure | 'opened' {
  try {
    work()
    return 'opened'
  } catch (error) {
    if (error instanceof VaultError) return error.failure
    throw error
  }
}

describe('the vault', () => {
  it('opens what it sealed, any bytes for any entity', () => {
    const vault = vaultOf(one)
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 2_000 }), (entity, plaintext) => {
        const sealed = vault.seal(entity, plaintext)
        expect(Buffer.compare(vault.open(entity, sealed), plaintext)).toBe(0)
        expect(Buffer.compare(vaultOf(one).open(entity, Uint8Array.from(sealed)), plaintext)).toBe(0)
      }),
    )
  })

  it('seals the same secret differently each time, and never shows it', () => {
    const vault = vaultOf(one)
    const sealed = [vault.seal('a', secret), vault.seal('a', secret)].map((bytes) => Buffer.from(bytes))
    expect(sealed[0]?.equals(sealed[1] ?? Buffer.alloc(0))).toBe(false)
    expect(sealed[0]?.includes(secret)).toBe(false)
  })

  it('does not open for another entity', () => {
    const vault = vaultOf(one)
    fc.assert(
      fc.property(fc.string(), fc.string(), (owner, other) => {
        fc.pre(owner !== other)
        expect(failure(() => vault.open(other, vault.seal(owner, secret)))).toBe('damaged')
      }),
    )
  })

  it('does not open with any bit changed, any byte lost or any added', () => {
    const vault = vaultOf(one)
    const sealed = vault.seal('a', secret)
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Uint8Array.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(failure(() => vault.open('a', changed))).not.toBe('opened')
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(failure(() => vault.open('a', sealed.subarray(0, length)))).not.toBe('opened')
    }
    expect(failure(() => vault.open('a', Buffer.concat([sealed, Buffer.of(0)])))).toBe('damaged')
  })

  it('is total over any bytes', () => {
    const vault = vaultOf(one)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(failure(() => vault.open('a', bytes))).not.toBe('opened')
      }),
    )
  })

  it('says so where the master key is the wrong one, and which one is missing', () => {
    const sealed = vaultOf(one).seal('a', secret)
    expect(failure(() => vaultOf(two).open('a', sealed))).toBe('wrong_key')
    expect(() => vaultOf(two).open('a', sealed)).toThrow('"default" is not the one this was sealed under')
    expect(failure(() => vaultOf(`new:${one}`).open('a', sealed))).toBe('unknown_key')
    expect(() => vaultOf(`new:${one}`).open('a', sealed)).toThrow('"default", which is not configured')
  })

  it('rotates: the first key seals, the others open', () => {
    const before = vaultOf(one)
    const sealed = before.seal('a', secret)
    const during = vaultOf(`new:${two},default:${one}`)
    expect(Buffer.from(during.open('a', sealed))).toEqual(secret)
    const resealed = during.seal('a', secret)
    expect(failure(() => before.open('a', resealed))).toBe('unknown_key')
    expect(Buffer.from(vaultOf(`new:${two}`).open('a', resealed))).toEqual(secret)
  })

  it('wraps anew: the same secret under the first key, its own ciphertext as it was', () => {
    const before = vaultOf(one)
    const sealed = Buffer.from(before.seal('a', secret))
    const during = vaultOf(`new:${two},default:${one}`)
    const rewrapped = Buffer.from(during.rewrap('a', sealed) ?? [])
    expect(Buffer.from(vaultOf(`new:${two}`).open('a', rewrapped))).toEqual(secret)
    const boxBytes = 12 + secret.length + 16
    expect(rewrapped.subarray(-boxBytes).equals(sealed.subarray(-boxBytes))).toBe(true)
    expect(failure(() => before.open('a', rewrapped))).toBe('unknown_key')
    expect(during.rewrap('a', rewrapped)).toBeNull()
    expect(before.rewrap('a', sealed)).toBeNull()
  })

  it('wraps nothing anew that it could not open', () => {
    const during = vaultOf(`new:${two},default:${one}`)
    const sealed = vaultOf(one).seal('a', secret)
    expect(failure(() => during.rewrap('b', sealed))).toBe('damaged')
    expect(failure(() => vaultOf(`new:${two}`).rewrap('a', sealed))).toBe('unknown_key')
    const other = vaultOf(`default:${encoded(3)}`).seal('a', secret)
    expect(failure(() => during.rewrap('a', other))).toBe('wrong_key')
  })

  it('does not take one secret’s data key for another’s', () => {
    const vault = vaultOf(one)
    const [first, second] = [vault.seal('a', secret), vault.seal('a', secret)].map((bytes) =>
      Buffer.from(bytes),
    )
    const boxBytes = 12 + secret.length + 16
    const mixed = Buffer.concat([
      first?.subarray(0, -boxBytes) ?? secret,
      second?.subarray(-boxBytes) ?? secret,
    ])
    expect(failure(() => vault.open('a', mixed))).toBe('damaged')
  })
})

describe('MODELGATE_MASTER_KEY', () => {
  it('is one key, or several with ids, in either alphabet of base64', () => {
    expect(parseMasterKeys(one).map(({ id }) => id)).toEqual(['default'])
    expect(parseMasterKeys(` b:${two} , a:${one} `).map(({ id }) => id)).toEqual(['b', 'a'])
    const bytes = Buffer.alloc(32, 0xfb)
    for (const form of ['base64', 'base64url'] as const) {
      expect(parseMasterKeys(bytes.toString(form))[0].key.export().equals(bytes)).toBe(true)
    }
  })

  it.each([
    ['empty', ''],
    ['too short', Buffer.alloc(31, 1).toString('base64')],
    ['too long', Buffer.alloc(33, 1).toString('base64')],
    ['hexadecimal', 'ab'.repeat(32)],
    ['with a typing error', one.replace('A', '!')],
    ['with two colons', `a:b:${one}`],
    ['with an empty id', `:${one}`],
    ['one of them missing', `${one},`],
    ['an id used twice', `a:${one},a:${two}`],
  ])('is refused without being shown: %s', (_, text) => {
    const message = messageOf(() => parseMasterKeys(text))
    expect(message).toMatch(/^must /)
    const parts = text.split(/[:,]/).filter((part) => part.length > 8)
    expect(parts.filter((part) => message.includes(part))).toEqual([])
  })

  it('prints as nothing of the key', () => {
    const [master] = parseMasterKeys(one)
    expect(inspect(master) + JSON.stringify(master)).not.toContain(one.slice(0, 8))
    expect(inspect(master, { depth: 9, showHidden: true })).not.toContain('01 01 01')
  })
})

function messageOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
  return ''
}

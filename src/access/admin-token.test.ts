import * as crypto from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { Secret } from '../core/secret.ts'
import { adminTokenFault, createAdminToken } from './admin-token.ts'

vi.mock('node:crypto', { spy: true })

const token = 'correct-horse-battery'

describe('the admin token', () => {
  it('needs 16 characters that a header can carry', () => {
    expect(adminTokenFault('x'.repeat(16))).toBeNull()
    expect(adminTokenFault('x'.repeat(15))).toBe('MODELGATE_ADMIN_TOKEN must have at least 16 characters')
    expect(adminTokenFault(`${token}\n`)).toBe(
      'MODELGATE_ADMIN_TOKEN must be of printable ASCII without spaces',
    )
    expect(() => createAdminToken(new Secret('short'))).toThrow('at least 16 characters')
  })

  it('matches itself alone', () => {
    const adminToken = createAdminToken(new Secret(token))
    expect(adminToken.matches(token)).toBe(true)
    for (const other of ['', 'x', token.slice(0, -1), `${token}x`, token.toUpperCase()]) {
      expect(adminToken.matches(other)).toBe(false)
    }
  })

  it('is compared in constant time, as digests of one length', () => {
    const compare = vi.mocked(crypto.timingSafeEqual)
    compare.mockClear()
    const adminToken = createAdminToken(new Secret(token))
    for (const presented of [token, 'x', 'y'.repeat(10_000)]) adminToken.matches(presented)
    expect(compare.mock.calls.map((buffers) => buffers.map(({ byteLength }) => byteLength))).toEqual([
      [32, 32],
      [32, 32],
      [32, 32],
    ])
  })

  it('is a caller without a team who may administer', () => {
    expect(createAdminToken(new Secret(token)).principal).toMatchObject({
      subject: 'admin-token',
      teams: [],
      admin: true,
    })
  })
})

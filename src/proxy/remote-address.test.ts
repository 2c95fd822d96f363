import { describe, expect, it } from 'vitest'
import { createRemoteAddress } from './remote-address.ts'

const from = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as never

describe('createRemoteAddress', () => {
  const address = createRemoteAddress(['10.0.0.0/8', '127.0.0.1'])

  it.each([
    ['192.0.2.1', undefined, '192.0.2.1'],
    ['192.0.2.1', '198.51.100.7', '192.0.2.1'],
    ['10.1.2.3', undefined, '10.1.2.3'],
    ['10.1.2.3', '203.0.113.9, 198.51.100.7', '198.51.100.7'],
    ['10.1.2.3', '198.51.100.7, 10.9.9.9', '198.51.100.7'],
    ['10.1.2.3', 'unknown', '10.1.2.3'],
    ['127.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['::ffff:10.1.2.3', '2001:db8::1', '2001:db8::1'],
  ])('%s forwarding for %s is %s', (socket, forwarded, expected) => {
    expect(address(from(socket, forwarded))).toBe(expected)
  })

  it('does not let anybody claim to be on this machine', () => {
    expect(address(from('10.1.2.3', '127.0.0.1'))).toBe('10.1.2.3')
    expect(createRemoteAddress(['10.0.0.0/8'])(from('10.1.2.3', '::1'))).toBe('10.1.2.3')
  })

  it.each(['198.51.100.7:4711', 'unknown', '', '127.0.0.1', '10.1.2.3', '::1, 10.1.2.3'])(
    'does not take whom a proxy on this machine forwards (%s) to be on it',
    (forwarded) => {
      expect(address(from('127.0.0.1', forwarded))).toBe('unknown')
      expect(createRemoteAddress(['::1', '10.0.0.0/8'])(from('::1', forwarded))).toBe('unknown')
    },
  )

  it('believes nobody unless told to', () => {
    expect(createRemoteAddress([])(from('127.0.0.1', '198.51.100.7'))).toBe('127.0.0.1')
  })
})

import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressKind, isIn, type Network, parseAddress, parseNetwork } from './addresses.ts'

function kindOf(text: string) {
  const address = parseAddress(text)
  if (address === null) throw new Error(`${text} is no address`)
  return addressKind(address)
}

/** The same registry by Node's own means, to compare with. */
const special = new BlockList()
for (const network of [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24',
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4',
  '168.63.129.16/32',
].flatMap((line) => line.split(' '))) {
  const [address = '', bits] = network.split('/')
  special.addSubnet(address, Number(bits), 'ipv4')
}

describe('addressKind', () => {
  const list = (...lines: string[]) => lines.flatMap((line) => line.split(' '))

  it.each(
    list(
      '8.8.8.8 1.1.1.1 104.18.7.192 172.15.255.255 172.32.0.0 100.63.255.255 100.128.0.0 223.255.255.255',
      '2606:4700::6812:7c0 2a00:1450:4001:80b::200a 2001:200::1 ::ffff:8.8.8.8 64:ff9b::808:808',
    ),
  )('takes %s for public', (address) => {
    expect(kindOf(address)).toBe('public')
  })

  it.each(
    list(
      '127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 0.0.0.0 100.64.0.1 100.127.255.255',
      '169.254.0.1 192.0.0.8 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1',
      '224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255',
      ':: ::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 fc00::1 fdff::1 ff02::1 100::1 1::1 4000::1 5f00::1 3fff::1',
      '::ffff:127.0.0.1 ::ffff:7f00:1 0:0:0:0:0:ffff:10.0.0.1 ::FFFF:A00:1 ::127.0.0.1 ::7f00:1 ::ffff:0:8.8.8.8',
      '64:ff9b::127.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 2002:7f00:1:: 2002:a00:1::1 2002:808:808::1',
      '2001::1 2001:0:7f00:1:: 2001:0:808:808:0:0:80ff:fffe 2001:db8::1',
    ),
  )('takes %s for private', (address) => {
    expect(kindOf(address)).toBe('private')
  })

  it.each(
    list(
      '169.254.169.254 169.254.170.2 169.254.170.23 100.100.100.200 168.63.129.16 192.0.0.192',
      'fd00:ec2::254 fd00:ec2::23 fd20:ce::254 fd00:0ec2:0:0:0:0:0:0254',
      '::ffff:169.254.169.254 ::ffff:a9fe:a9fe 64:ff9b::169.254.169.254',
    ),
  )('takes %s for a metadata service', (address) => {
    expect(kindOf(address)).toBe('metadata')
  })

  it('judges every IPv4 address as the registry does, in each of its spellings', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.nat(9), (address, spelling) => {
        const expected = special.check(address, 'ipv4')
        const spelled = spellings(address)[spelling % spellings(address).length] as string
        const { hostname } = new URL(`http://${spelled}/`)
        const bare = hostname.replace(/^\[|\]$/g, '')
        expect(isIP(bare)).not.toBe(0)
        expect(kindOf(bare) !== 'public').toBe(expected)
      }),
      { numRuns: 2_000 },
    )
  })

  it('never takes an IPv6 address for public outside the part that is given out', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const address = parseAddress(text) ?? []
        const isGivenOut = ((address[0] ?? 0) & 0xe0) === 0x20
        expect(address.length === 4 || isGivenOut || addressKind(address) !== 'public').toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})

/** Ways to write one IPv4 address that a URL's parser takes. */
function spellings(address: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  const whole = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d
  const hex = (value: number) => `0x${value.toString(16)}`
  const octal = (value: number) => `0${value.toString(8)}`
  const groups = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  return [
    String(whole),
    hex(whole),
    [a, b, c, d].map(hex).join('.'),
    [a, b, c, d].map(octal).join('.'),
    `${a}.${b * 2 ** 16 + c * 2 ** 8 + d}`,
    `${hex(a)}.${octal(b)}.${c * 2 ** 8 + d}`,
    `${address}.`,
    address.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))).replaceAll('.', '。'),
    `[::ffff:${address}]`,
    `[0:0:0:0:0:FFFF:${groups}]`,
  ]
}

describe('parseNetwork', () => {
  const contains = (network: string, address: string) =>
    isIn(parseNetwork(network) as Network, parseAddress(address) ?? [])

  it('reads prefixes of every length', () => {
    expect(contains('10.0.0.0/8', '10.255.255.255')).toBe(true)
    expect(contains('10.0.0.0/8', '11.0.0.0')).toBe(false)
    expect(contains('172.16.0.0/12', '172.31.0.1')).toBe(true)
    expect(contains('172.16.0.0/12', '172.32.0.1')).toBe(false)
    expect(contains('0.0.0.0/0', '1.2.3.4')).toBe(true)
    expect(contains('127.0.0.1', '127.0.0.1')).toBe(true)
    expect(contains('127.0.0.1', '127.0.0.2')).toBe(false)
    expect(contains('fd00::/8', 'fd12:3456::1')).toBe(true)
    expect(contains('::/0', '10.0.0.1')).toBe(false)
    expect(contains('::ffff:10.0.0.0/104', '10.1.2.3')).toBe(true)
  })

  it.each([
    '',
    'localhost',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0/8',
    '10.0.0.0/8/8',
    '::/129',
    '10.0.0.0/',
    'fd00::/x',
  ])('refuses %j', (text) => {
    expect(parseNetwork(text)).toBeNull()
  })
})

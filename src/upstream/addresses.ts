import { isIP } from 'node:net'

/** An address as its bytes, four or sixteen. IPv4 inside IPv6 (mapped, NAT64) is IPv4 here: that is where it leads. */
export type AddressBytes = readonly number[]

/** `private`: everything that is not the public internet, reserved and documentation ranges included. */
export type AddressKind = 'public' | 'private' | 'metadata'

export interface Network {
  readonly bytes: AddressBytes
  /** Length of the prefix, 0 to 32 or 128. */
  readonly bits: number
}

/** Prefixes behind which an IPv4 address is what is meant: mapped (RFC 4291 §2.5.5.2), NAT64 (RFC 6052 §2.1). */
const carriers = [
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
  [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0],
]

/** Credentials of the machine itself are given out here: AWS, ECS, EKS, Azure, Google, Alibaba, Oracle, Scaleway. */
const metadata = networks(
  '169.254.169.254 169.254.170.2 169.254.170.23 169.254.42.42 100.100.100.200 168.63.129.16 192.0.0.192',
  'fd00:ec2::254 fd00:ec2::23 fd20:ce::254 fd00:42::42',
)

/** IANA's registry of special-purpose IPv4 addresses (RFC 6890 and its updates), with multicast (RFC 5771). */
const privateVersion4 = networks(
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24',
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4',
)

/** Only this part of IPv6 is given out for the public internet (RFC 4291 §2.4, IANA's registry of address space). */
const globalVersion6 = networks('2000::/3')

/** In it: protocol assignments with Teredo and benchmarking, documentation, and 6to4, which leads to IPv4 hosts. */
const privateVersion6 = networks('2001::/23 2001:db8::/32 2002::/16 3fff::/20')

/** What an address as text (no brackets, a zone is passed over) is; null for what is no address. */
export function parseAddress(text: string): AddressBytes | null {
  const bytes = bytesOf(text)
  return bytes === null ? null : withoutCarrier(bytes)
}

/** `10.0.0.0/8`, `fd00::/8`, or one address; null for anything else. Bits after the prefix are passed over. */
export function parseNetwork(text: string): Network | null {
  const [address = '', prefix, ...rest] = text.split('/')
  const whole = bytesOf(address)
  if (whole === null || rest.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) return null
  const bits = prefix === undefined ? whole.length * 8 : Number(prefix)
  if (bits > whole.length * 8) return null
  const bytes = bits >= 96 ? withoutCarrier(whole) : whole
  return { bytes, bits: bits - (whole.length - bytes.length) * 8 }
}

export function isIn({ bytes, bits }: Network, address: AddressBytes): boolean {
  if (bytes.length !== address.length) return false
  const full = bits >> 3
  for (let index = 0; index < full; index++) if (bytes[index] !== address[index]) return false
  const rest = bits & 7
  return rest === 0 || (((bytes[full] ?? 0) ^ (address[full] ?? 0)) & (0xff00 >> rest)) === 0
}

/** What an address is by the registries; whatever they do not give out for public use is private. */
export function addressKind(address: AddressBytes): AddressKind {
  const within = (network: Network) => isIn(network, address)
  if (metadata.some(within)) return 'metadata'
  const isPublic =
    address.length === 4
      ? !privateVersion4.some(within)
      : globalVersion6.some(within) && !privateVersion6.some(within)
  return isPublic ? 'public' : 'private'
}

function networks(...lists: string[]): Network[] {
  return lists.flatMap((list) => list.split(' ')).map((text) => parseNetwork(text) as Network)
}

function bytesOf(text: string): number[] | null {
  const version = isIP(text)
  if (version === 0) return null
  if (version === 4) return text.split('.').map(Number)
  const [address = ''] = text.split('%')
  const [head = '', tail] = address.split('::')
  const before = groupBytes(head)
  const after = tail === undefined ? [] : groupBytes(tail)
  return [...before, ...Array<number>(16 - before.length - after.length).fill(0), ...after]
}

/** `fe80:0:1` or `ffff:127.0.0.1` as bytes. */
function groupBytes(groups: string): number[] {
  if (groups === '') return []
  return groups.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

function withoutCarrier(bytes: AddressBytes): AddressBytes {
  const isCarried = carriers.some((prefix) => prefix.every((byte, index) => bytes[index] === byte))
  return bytes.length === 16 && isCarried ? bytes.slice(12) : bytes
}

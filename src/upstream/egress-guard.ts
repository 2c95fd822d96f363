import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { GatewayError } from '../core/errors.ts'
import type { Egress } from '../core/transport.ts'
import { addressKind, isIn, type Network, parseAddress, parseNetwork } from './addresses.ts'

/** Why a URL may not be called. The message holds nothing of the URL. */
export interface EgressFault {
  readonly kind: 'url' | 'scheme' | 'userinfo' | 'address'
  readonly message: string
}

/** `dns.lookup`, as far as it is used: every address of a name. */
export type Lookup = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export interface EgressGuardOptions {
  /** Networks and addresses (`10.0.0.0/8`, `::1`) that are open besides the public internet. */
  readonly allowNetworks?: readonly string[]
  readonly allowHttp?: boolean
  readonly lookup?: Lookup
}

/**
 * Decides where connections may go (design §9). `guarded`: the public internet and `allowNetworks`. `operator`:
 * everywhere but to metadata addresses. `metadata`: everywhere. A metadata address is opened to the first two only by
 * being listed as itself; a network around it does not do.
 */
export interface EgressGuard {
  /** What can be known without asking DNS: form, scheme, and the address where the host is one. */
  checkUrl(url: string, egress: Egress): EgressFault | null
  permits(address: string, egress: Egress): boolean
  /** For the connector: answers only addresses that are permitted, and fails where none is left. */
  lookupFor(egress: Egress): LookupFunction
}

const addressFault: EgressFault = {
  kind: 'address',
  message: 'The address of the host is not public, and `upstream.allow_networks` does not list it.',
}

/** Throws for an entry of `allowNetworks` that is neither a network nor an address. */
export function createEgressGuard({
  allowNetworks = [],
  allowHttp = false,
  lookup = systemLookup,
}: EgressGuardOptions = {}): EgressGuard {
  const allowed = allowNetworks.map((text) => {
    const network = parseNetwork(text)
    if (network === null) throw new Error(`upstream.allow_networks: \`${text}\` is no network`)
    return network
  })

  function permits(text: string, egress: Egress): boolean {
    if (egress === 'metadata') return true
    const address = parseAddress(text)
    if (address === null) return false
    const kind = addressKind(address)
    if (kind === 'public' || (kind === 'private' && egress === 'operator')) return true
    return allowed.some((network) => isIn(network, address) && (kind !== 'metadata' || isSingle(network)))
  }

  return {
    permits,

    checkUrl(text, egress) {
      const url = URL.parse(text)
      if (url === null) return { kind: 'url', message: 'The URL is malformed.' }
      if (url.protocol !== 'https:' && url.protocol !== 'http:') {
        return { kind: 'scheme', message: 'The scheme of the URL is neither https nor http.' }
      }
      if (url.protocol === 'http:' && egress === 'guarded' && !allowHttp) {
        return { kind: 'scheme', message: 'The URL is http, and `upstream.allow_http` is off.' }
      }
      if (url.username !== '' || url.password !== '') {
        return { kind: 'userinfo', message: 'The URL holds a user name or a password.' }
      }
      // The parser has brought every spelling of an IPv4 address (decimal, hex, octal, short, full-width) to this one.
      const host = withoutBrackets(url.hostname)
      return isIP(host) !== 0 && !permits(host, egress) ? addressFault : null
    },

    lookupFor: (egress) => (hostname, options, callback) => {
      lookup(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, [])
        const open = addresses.filter(({ address }) => permits(address, egress))
        const [first] = open
        if (first === undefined) return callback(refusedAddress(), [])
        if (options.all === true) callback(null, open)
        else callback(null, first.address, first.family)
      })
    },
  }
}

/** The failure of a request whose host may not be called. */
export function refused(fault: EgressFault): GatewayError {
  return new GatewayError('upstream_error', fault.message, { reason: 'network', costly: false })
}

export function refusedAddress(): GatewayError {
  return refused(addressFault)
}

/** `[::1]`, as URLs write it, without its brackets. */
export function withoutBrackets(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

function isSingle({ bytes, bits }: Network): boolean {
  return bits === bytes.length * 8
}

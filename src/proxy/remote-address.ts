import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

export type RemoteAddress = (incoming: Pick<IncomingMessage, 'socket' | 'headers'>) => string

/**
 * The caller's address: the socket's, or, where a trusted proxy holds the socket, the last address in
 * `x-forwarded-for` that is not itself a trusted proxy's. A forwarded caller is never believed to be on loopback, not
 * even one of whom the header says nothing that can be read: only a socket can show that its caller is on this machine.
 */
export function createRemoteAddress(trustedProxies: readonly string[]): RemoteAddress {
  const trusted = new BlockList()
  const loopback = new BlockList()
  loopback.addSubnet('127.0.0.0', 8, 'ipv4')
  loopback.addAddress('::1', 'ipv6')
  for (const text of trustedProxies) add(trusted, text)
  const isIn = (list: BlockList, address: string) =>
    list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

  return ({ socket, headers }) => {
    const own = socket.remoteAddress ?? ''
    const forwarded = headers['x-forwarded-for']
    if (trustedProxies.length === 0 || forwarded === undefined || !isIn(trusted, own)) return own
    const chain = String(forwarded)
      .split(',')
      .map((part) => part.trim())
    const caller = chain.findLast((address) => isIP(address) === 0 || !isIn(trusted, address))
    if (caller !== undefined && isIP(caller) !== 0 && !isIn(loopback, caller)) return caller
    return isIn(loopback, own) ? 'unknown' : own
  }
}

function add(list: BlockList, text: string): void {
  const [address = '', length] = text.split('/')
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (length === undefined) list.addAddress(address, family)
  else list.addSubnet(address, Number(length), family)
}

import { isIP, type Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { buildConnector } from 'undici'
import type { Egress } from '../core/transport.ts'
import { type EgressGuard, refusedAddress } from './egress-guard.ts'

export type ConnectTarget = buildConnector.Options

export type Connected = (error: Error | null, socket: Socket | null) => void

/** Opens a socket, TLS included. The function it returns gives up an attempt at once, or destroys what came of it. */
export type Connect = (target: ConnectTarget, connected: Connected) => () => void

export interface ConnectOptions {
  readonly egress: Egress
  readonly guard: EgressGuard
  readonly secureContext: SecureContext
}

/**
 * Connects straight to the target, past the guard at three points: an address written as such is never looked up, so
 * it is judged here; names are judged in the very lookup whose answer is connected to; and so is what was connected to.
 */
export function createDirectConnect({ egress, guard, secureContext }: ConnectOptions): Connect {
  const open = createOpen(secureContext, { lookup: guard.lookupFor(egress) })
  return (target, connected) => {
    if (isIP(target.hostname) !== 0 && !guard.permits(target.hostname, egress)) {
      connected(refusedAddress(), null)
      return () => {}
    }
    return open(target, (error, socket) => {
      if (socket !== null && !guard.permits(socket.remoteAddress ?? '', egress)) {
        socket.destroy()
        connected(refusedAddress(), null)
      } else {
        connected(error, socket)
      }
    })
  }
}

/** undici's connector: TCP, or TLS for `https:` targets; over a socket that is there already, where one is given. */
export function createOpen(
  secureContext: SecureContext,
  options: Pick<buildConnector.BuildOptions & { lookup?: unknown }, 'lookup'> = {},
): Connect {
  // Its own deadline is off: the exchange has one, which also bounds what comes before the socket.
  const build = buildConnector({ ...options, secureContext, allowH2: false, timeout: 0 } as object)
  return (target, connected) => {
    // Two things are not in its types: on failure there is no second argument, and the socket is answered at once.
    const settle = (error: Error | null, socket?: Socket | null) => connected(error, socket ?? null)
    const socket = build(target, settle as buildConnector.Callback) as unknown as Socket
    return () => {
      socket.destroy()
    }
  }
}

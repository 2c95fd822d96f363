import { createSecureContext, getCACertificates } from 'node:tls'
import type { Dispatcher } from 'undici'
import { bodyLength } from '../core/body.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import type { UpstreamRequest } from '../core/provider.ts'
import type { Egress, Transport } from '../core/transport.ts'
import { type ClientPool, createClientPool } from './client-pool.ts'
import { createProxyConnect, type Proxy, readProxyUrl } from './connect-by-proxy.ts'
import { type Connect, createDirectConnect } from './connect.ts'
import type { Timers } from './deadlines.ts'
import { decoded } from './decode.ts'
import { type EgressGuard, refused } from './egress-guard.ts'
import { HttpExchange } from './http-exchange.ts'
import { createKeptTimers } from './kept-timers.ts'

export interface TransportOptions {
  readonly guard: EgressGuard
  /** Every upstream is reached by way of this proxy, but for the gateway's own cloud identity. */
  readonly proxyUrl?: string | null
  /** Certificates, PEM, trusted besides the usual ones; with `caOnly` instead of them. */
  readonly caPem?: string | null
  readonly caOnly?: boolean
  readonly clock?: Clock
  readonly timers?: Timers
}

export interface ManagedTransport extends Transport {
  /** Takes no more requests and waits for those under way. */
  readonly close: () => Promise<void>
  /** Ends those under way. */
  readonly destroy: () => Promise<void>
}

/** What a URL says of a request; the same few URLs come again and again. */
interface Target {
  readonly origin: string
  readonly path: string
}

const maxTargets = 1_000

/**
 * The way to providers: HTTP/1.1 on undici's clients, keep-alive, no redirects, deadlines and backpressure. A request
 * is sent once: one that was lost on a socket that had died idle fails with `costly: false`, for the caller to try
 * again, since no protocol can tell that a POST was not carried out. Idle sockets are looked at before they are used,
 * so that this is rare.
 */
export function createTransport({
  guard,
  proxyUrl = null,
  caPem = null,
  caOnly = false,
  clock = systemClock,
  timers = createKeptTimers({ clock }),
}: TransportOptions): ManagedTransport {
  const secureContext = createSecureContext(caPem === null ? {} : { ca: trusted(caPem, caOnly) })
  const proxy = proxyUrl === null ? null : readProxyUrl(proxyUrl)
  const poolOf = (connect: Connect) => createClientPool({ connect, clock })
  const direct = (egress: Egress) => createDirectConnect({ egress, guard, secureContext })
  const outward = (egress: Egress) =>
    poolOf(proxy === null ? direct(egress) : createProxyConnect(proxy, secureContext))
  // Sockets are shared by origin, so what one class may reach another must not find open.
  const pools: Record<Egress, ClientPool> = {
    operator: outward('operator'),
    guarded: outward('guarded'),
    metadata: poolOf(direct('metadata')),
  }
  const targets: Record<Egress, Map<string, Target>> = {
    operator: new Map(),
    guarded: new Map(),
    metadata: new Map(),
  }
  let isClosing = false

  function targetOf(url: string, egress: Egress): Target {
    const known = targets[egress].get(url)
    if (known !== undefined) return known
    const fault = guard.checkUrl(url, egress)
    if (fault !== null) throw refused(fault)
    const { origin, pathname, search, protocol } = new URL(url)
    const isForwarded = proxy !== null && egress !== 'metadata' && protocol === 'http:'
    const target = { origin, path: `${isForwarded ? origin : ''}${pathname}${search}` }
    if (targets[egress].size >= maxTargets) targets[egress].clear()
    targets[egress].set(url, target)
    return target
  }

  function toUndici(request: UpstreamRequest, { path }: Target): Dispatcher.DispatchOptions {
    const { method, body } = request
    const headers = withDefaults(request.headers, path.startsWith('/') ? null : proxy)
    if (body === null || typeof body === 'string' || body instanceof Uint8Array)
      return { path, method, body, headers }
    // undici sends what can be iterated piece by piece, but leaves it to us to say how much it is.
    const length = String(bodyLength(body))
    return { path, method, body: body as never, headers: { ...headers, 'content-length': length } }
  }

  const stop = (how: 'close' | 'destroy') => {
    isClosing = true
    return Promise.all(Object.values(pools).map((pool) => pool[how]())).then(() => {})
  }

  return {
    dispatch(request, options) {
      return new Promise((resolve, reject) => {
        options.signal.throwIfAborted()
        if (isClosing) throw new GatewayError('shutting_down', 'The gateway is closing.')
        const target = targetOf(request.url, options.egress)
        const pool = pools[options.egress]
        const pooled = pool.take(target.origin)
        const exchange = new HttpExchange({
          dispatch: options,
          pool,
          pooled,
          clock,
          timers,
          onHead: (answered) => decoded(answered, resolve, reject),
          onFailure: reject,
        })
        pooled.client.dispatch(toUndici(request, target), exchange)
      })
    },
    close: () => stop('close'),
    destroy: () => stop('destroy'),
  }
}

/** Compressed answers cost more than they save between servers, and would hold back a stream's events. */
function withDefaults(
  headers: UpstreamRequest['headers'],
  proxy: Proxy | null,
): Readonly<Record<string, string>> {
  const authorization = proxy?.authorization ?? null
  if (authorization === null && headers['accept-encoding'] !== undefined) return headers
  return {
    'accept-encoding': 'identity',
    ...headers,
    ...(authorization === null ? {} : { 'proxy-authorization': authorization }),
  }
}

function trusted(caPem: string, caOnly: boolean): string[] {
  return caOnly ? [caPem] : [...getCACertificates('default'), caPem]
}

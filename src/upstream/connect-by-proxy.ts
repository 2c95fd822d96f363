import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { Client } from 'undici'
import { GatewayError } from '../core/errors.ts'
import { type Connect, type ConnectTarget, createOpen } from './connect.ts'
import { withoutBrackets } from './egress-guard.ts'

/** An HTTP proxy on the way to every upstream. */
export interface Proxy {
  readonly origin: string
  /** `proxy-authorization`, where the proxy's URL holds a user name. */
  readonly authorization: string | null
}

/** Reads `upstream.proxy_url`. Throws for what is no `http:` or `https:` URL, without showing it: it may hold a password. */
export function readProxyUrl(text: string): Proxy {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new Error('upstream.proxy_url is no http or https URL')
  }
  const { username, password, origin } = url
  if (username === '') return { origin, authorization: null }
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { origin, authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

/**
 * Connects by way of a proxy: to the proxy itself for `http:` targets, whose requests then carry their whole URL, and
 * through a tunnel (CONNECT, RFC 9110 §9.3.6) for `https:` ones. The proxy resolves the names, so that of the egress
 * rules only those on the URL hold here; which hosts may be reached by name is the proxy's to say.
 */
export function createProxyConnect(proxy: Proxy, secureContext: SecureContext): Connect {
  const open = createOpen(secureContext)
  const { protocol, host, hostname, port } = new URL(proxy.origin)
  const proxyTarget = { protocol, host, hostname: withoutBrackets(hostname), port }

  async function openTunnel({ host: authority = '', port: targetPort }: ConnectTarget, signal: AbortSignal) {
    const client = new Client(proxy.origin, {
      connect: (_, callback) => {
        const cancel = open(proxyTarget, callback as Parameters<Connect>[1])
        signal.addEventListener('abort', cancel, { once: true })
      },
    })
    try {
      const { statusCode, socket } = await client.connect({
        path: targetPort === '' ? `${authority}:443` : authority,
        headers: {
          host: authority,
          ...(proxy.authorization === null ? {} : { 'proxy-authorization': proxy.authorization }),
        },
        signal,
      })
      if (statusCode === 200) return socket as Socket
      socket.on('error', () => {}).destroy()
      throw proxyFailure(`The proxy refused the connection to the upstream: status ${statusCode}.`)
    } finally {
      void client.destroy()
    }
  }

  return (target, connected) => {
    if (target.protocol === 'http:') return open(proxyTarget, connected)
    const gaveUp = new AbortController()
    let cancel = () => gaveUp.abort()
    openTunnel(target, gaveUp.signal)
      .then(
        (httpSocket) => {
          cancel = open({ ...target, httpSocket }, connected)
        },
        (error: unknown) => {
          // Always as an error of ours: undici takes a lost socket for one to be tried again, without end.
          const isOurs = error instanceof GatewayError
          connected(isOurs ? error : proxyFailure('The proxy could not be reached.', error), null)
        },
      )
      .catch(() => {})
    return () => cancel()
  }
}

function proxyFailure(message: string, cause?: unknown): GatewayError {
  return new GatewayError('upstream_error', message, { reason: 'network', costly: false, cause })
}

import type { IncomingMessage, ServerResponse } from 'node:http'

/** CORS for the origins that the configuration names; off where it names none. Set before any answer is written. */
export function allowOrigin(
  origins: readonly string[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  const { origin } = incoming.headers
  if (origins.length === 0 || origin === undefined) return
  outgoing.setHeader('vary', 'origin')
  if (!origins.includes(origin) && !origins.includes('*')) return
  outgoing.setHeader('access-control-allow-origin', origin)
  outgoing.setHeader(
    'access-control-expose-headers',
    'x-request-id, x-modelgate-provider, x-modelgate-connection, x-modelgate-attempts, x-modelgate-dropped-params, retry-after, retry-after-ms, server-timing',
  )
  if (incoming.method !== 'OPTIONS') return
  outgoing.setHeader('access-control-allow-methods', 'GET, POST, OPTIONS')
  const asked = incoming.headers['access-control-request-headers']
  if (asked !== undefined) outgoing.setHeader('access-control-allow-headers', asked)
  outgoing.setHeader('access-control-max-age', '600')
}

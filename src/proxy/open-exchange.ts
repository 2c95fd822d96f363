import type { Connection } from '../core/entities.ts'
import type { Call, UpstreamRequest } from '../core/provider.ts'
import type { Egress, Exchange } from '../core/transport.ts'
import { collect } from '../upstream/collect.ts'
import { requireProvider, type ProxyDeps } from './deps.ts'

/** Of an error's body no more is read; what matters stands at its beginning. */
const maxErrorBytes = 256 * 1024

/**
 * Signs and sends one request; answers once a 2xx head has come. Everything else is thrown as the provider's
 * classification of it (GatewayError), or as the transport's own failure.
 */
export async function openExchange(
  deps: ProxyDeps,
  call: Call,
  request: UpstreamRequest,
  signal: AbortSignal,
): Promise<Exchange> {
  const { connection } = call
  const provider = requireProvider(deps, connection)
  const { credential } = connection
  const signing = deps.sign(provider.signer(credential), request, credential, signal)
  const signed = signing instanceof Promise ? await signing : signing
  const exchange = await deps.transport.dispatch(signed, {
    egress: egressOf(connection),
    deadlines: deps.limits.deadlines,
    signal,
  })
  if (exchange.status >= 200 && exchange.status < 300) return exchange
  const body = await collect(exchange, { maxBytes: maxErrorBytes, signal, truncate: true })
  const { status, headers } = exchange
  throw provider.readError({ status, headers, body, connection, now: deps.clock.now() })
}

/** A host that the configuration file names is the operator's word; any other passes the guard. */
function egressOf(connection: Connection): Egress {
  const namedBy = connection.custom === null ? connection.credential.managedBy : connection.managedBy
  return namedBy === 'file' ? 'operator' : 'guarded'
}

import type { Signal } from '../core/cancellation.ts'
import type { Clock } from '../core/clock.ts'
import type { Connection, Credential } from '../core/entities.ts'
import type { Provider, SignerName, UpstreamRequest } from '../core/provider.ts'
import type { Deadlines, Egress, Exchange, Transport } from '../core/transport.ts'
import { collect } from './collect.ts'

/** Of an error's body no more is read; what matters stands at its beginning. */
const maxErrorBytes = 256 * 1024

/** What every request to an upstream goes by. */
export interface Sending {
  readonly transport: Transport
  readonly sign: (
    name: SignerName,
    request: UpstreamRequest,
    credential: Credential,
    signal: Signal,
  ) => Promise<UpstreamRequest> | UpstreamRequest
  readonly deadlines: Deadlines
  /** For a `retry-after` that is a date. */
  readonly clock: Pick<Clock, 'now'>
}

export interface Destination {
  readonly provider: Provider
  readonly connection: Connection
}

/**
 * Signs and sends one request; answers once a 2xx head has come. Everything else is thrown as the provider's
 * classification of it (GatewayError), or as the transport's own failure.
 */
export async function openExchange(
  { transport, sign, deadlines, clock }: Sending,
  { provider, connection }: Destination,
  request: UpstreamRequest,
  signal: Signal,
): Promise<Exchange> {
  const { credential } = connection
  const signing = sign(provider.signer(credential), request, credential, signal)
  const signed = signing instanceof Promise ? await signing : signing
  const exchange = await transport.dispatch(signed, { egress: egressOf(connection), deadlines, signal })
  if (exchange.status >= 200 && exchange.status < 300) return exchange
  const body = await collect(exchange, { maxBytes: maxErrorBytes, signal, truncate: true })
  const { status, headers } = exchange
  throw provider.readError({ status, headers, body, connection, now: clock.now() })
}

/** A host that the configuration file names is the operator's word; any other passes the guard. */
function egressOf(connection: Connection): Egress {
  const namedBy = connection.custom === null ? connection.credential.managedBy : connection.managedBy
  return namedBy === 'file' ? 'operator' : 'guarded'
}

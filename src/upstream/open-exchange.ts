import type { Signal } from '../core/cancellation.ts'
import type { Clock } from '../core/clock.ts'
import type { Connection, Credential } from '../core/entities.ts'
import type { GatewayError } from '../core/errors.ts'
import type { Provider, SignerName, UpstreamRequest, UpstreamResponse } from '../core/provider.ts'
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
  sending: Sending,
  destination: Destination,
  request: UpstreamRequest,
  signal: Signal,
): Promise<Exchange> {
  const exchange = await send(sending, destination, request, signal)
  if (isAnswer(exchange)) return exchange
  throw await readFailure(sending, destination, exchange, signal)
}

export interface FetchOptions {
  readonly maxBytes: number
  readonly signal: Signal
  /** The head of the answer has come. */
  readonly onHead: () => void
}

/** As `openExchange`, with the whole body. */
export async function fetchWhole(
  sending: Sending,
  destination: Destination,
  request: UpstreamRequest,
  { maxBytes, signal, onHead }: FetchOptions,
): Promise<UpstreamResponse> {
  // Not by way of `openExchange`, which would be one more promise for every request to wait for.
  const exchange = await send(sending, destination, request, signal)
  if (!isAnswer(exchange)) throw await readFailure(sending, destination, exchange, signal)
  onHead()
  const body = await collect(exchange, { maxBytes, signal })
  return { status: exchange.status, headers: exchange.headers, body }
}

function send(
  { transport, sign, deadlines }: Sending,
  { provider, connection }: Destination,
  request: UpstreamRequest,
  signal: Signal,
): Promise<Exchange> {
  const { credential } = connection
  const options = { egress: egressOf(connection), deadlines, signal }
  const signing = sign(provider.signer(credential), request, credential, signal)
  return signing instanceof Promise
    ? signing.then((signed) => transport.dispatch(signed, options))
    : transport.dispatch(signing, options)
}

function isAnswer({ status }: Exchange): boolean {
  return status >= 200 && status < 300
}

async function readFailure(
  { clock }: Sending,
  { provider, connection }: Destination,
  exchange: Exchange,
  signal: Signal,
): Promise<GatewayError> {
  const body = await collect(exchange, { maxBytes: maxErrorBytes, signal, truncate: true })
  const { status, headers } = exchange
  return provider.readError({ status, headers, body, connection, now: clock.now() })
}

/** A host that the configuration file names is the operator's word; any other passes the guard. */
function egressOf(connection: Connection): Egress {
  const namedBy = connection.custom === null ? connection.credential.managedBy : connection.managedBy
  return namedBy === 'file' ? 'operator' : 'guarded'
}

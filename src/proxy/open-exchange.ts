import type { Connection } from '../core/entities.ts'
import type { GatewayError } from '../core/errors.ts'
import type { Call, UpstreamRequest } from '../core/provider.ts'
import type { Egress, Exchange } from '../core/transport.ts'
import { collect } from '../upstream/collect.ts'
import { requireProvider, type ProxyDeps } from './deps.ts'

/** Of an error's body no more is read; what matters stands at its beginning. */
const maxErrorBytes = 256 * 1024

/** Signs and sends one request; answers once a head has come, whatever its status. Throws or rejects as the transport. */
export function send(
  deps: ProxyDeps,
  { connection }: Call,
  request: UpstreamRequest,
  signal: AbortSignal,
): Promise<Exchange> {
  const { credential } = connection
  const options = { egress: egressOf(connection), deadlines: deps.limits.deadlines, signal }
  const signer = requireProvider(deps, connection).signer(credential)
  const signing = deps.sign(signer, request, credential, signal)
  if (!(signing instanceof Promise)) return deps.transport.dispatch(signing, options)
  return signing.then((signed) => deps.transport.dispatch(signed, options))
}

export function isSuccess({ status }: Exchange): boolean {
  return status >= 200 && status < 300
}

/** The provider's classification of an answer that is no success. */
export async function readFailure(
  deps: ProxyDeps,
  { connection }: Call,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<GatewayError> {
  const body = await collect(exchange, { maxBytes: maxErrorBytes, signal, truncate: true })
  const { status, headers } = exchange
  const failure = { status, headers, body, connection, now: deps.clock.now() }
  return requireProvider(deps, connection).readError(failure)
}

/** A host that the configuration file names is the operator's word; any other passes the guard. */
function egressOf(connection: Connection): Egress {
  const namedBy = connection.custom === null ? connection.credential.managedBy : connection.managedBy
  return namedBy === 'file' ? 'operator' : 'guarded'
}

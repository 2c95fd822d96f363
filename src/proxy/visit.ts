import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { wwwAuthenticate } from '../access/www-authenticate.ts'
import { Cancellation } from '../core/cancellation.ts'
import { GatewayError } from '../core/errors.ts'
import type { Operation } from '../core/openai.ts'
import { sendError } from './answer.ts'
import { allowOrigin } from './cors.ts'
import type { ProxyDeps } from './deps.ts'
import { headerText, requestIdOf } from './headers.ts'
import { Journal } from './journal.ts'
import { discardBody } from './read-body.ts'
import { single } from './resolve.ts'
import type { Visit } from './serve.ts'

/**
 * Brackets one request: its id, its place in the count, its record, and the one point where errors meet. Never
 * rejects.
 */
export async function visited(
  deps: ProxyDeps,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  operation: Operation | 'models' | 'other',
  work: (visit: Visit) => Promise<void>,
): Promise<void> {
  const { id: requestId, isOwn: isOwnId } = requestIdOf(incoming.headers, deps.makeId)
  const journal = new Journal({
    requestId,
    isOwnId,
    operation,
    method: incoming.method ?? '',
    path: pathFor(operation),
    clock: deps.clock,
    record: deps.record,
    trace: deps.trace && {
      context: deps.trace(single(incoming.headers['traceparent']) ?? undefined),
      startedAt: deps.clock.now(),
    },
  })
  const left = new Cancellation()
  let leave: (() => void) | null = null
  outgoing.on('close', () => {
    leave?.()
    if (!outgoing.writableFinished) left.abort(new GatewayError('upstream_error', 'The client left.'))
  })
  const visit: Visit = {
    deps,
    incoming,
    outgoing,
    journal,
    flight: deps.router.begin(),
    signal: left,
    headers: { 'x-request-id': requestId, ...(deps.gate.closing ? { connection: 'close' } : {}) },
  }
  try {
    allowOrigin(deps.corsOrigins, incoming, outgoing)
    leave = deps.gate.enter()
    await work(visit)
  } catch (error) {
    refuse(visit, error)
  }
  visit.flight.end()
  discardBody(incoming)
  if (left.aborted) journal.outcome = 'aborted'
  journal.close(outgoing.headersSent ? outgoing.statusCode : 499)
}

/** What the client wrote in the path is not recorded: a model's name may stand in it. */
function pathFor(operation: Operation | 'models' | 'other'): string {
  return operation === 'chat' ? '/v1/chat/completions' : operation === 'other' ? 'other' : `/v1/${operation}`
}

function refuse({ deps, journal, outgoing, signal, headers }: Visit, error: unknown): void {
  if (signal.aborted) return
  const known = error instanceof GatewayError
  if (!known) deps.onFault(error, journal.requestId)
  const shown = known
    ? error
    : new GatewayError('internal_error', 'The gateway failed to handle this request.')
  journal.outcome = 'error'
  journal.error = shown
  if (outgoing.headersSent) {
    // An answer that has begun cannot be taken back; ended cleanly it would pass for a whole one.
    outgoing.destroy()
    return
  }
  sendError(outgoing, shown, {
    ...headers,
    ...(shown.status === 401 ? { 'www-authenticate': wwwAuthenticate(shown) } : {}),
    ...(journal.attempts.length > 0 ? attemptHeaders(journal, shown) : {}),
  })
}

/** Where connections were tried: which was the last, and that there is nothing left that a retry could try. */
function attemptHeaders({ attempts, connection }: Journal, error: GatewayError): OutgoingHttpHeaders {
  return {
    'x-modelgate-attempts': String(attempts.length),
    ...(connection === null
      ? {}
      : {
          'x-modelgate-provider': headerText(connection.provider),
          'x-modelgate-connection': headerText(connection.name),
        }),
    ...(error.status >= 429 ? { 'x-should-retry': 'false' } : {}),
  }
}

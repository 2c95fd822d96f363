import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Connection, Model, Principal } from '../core/entities.ts'
import { GatewayError } from '../core/errors.ts'
import type { Operation } from '../core/openai.ts'
import { affinityKey } from '../routing/policies/affinity-key.ts'
import type { RequestInFlight } from '../routing/retry-budget.ts'
import type { Attempt } from '../routing/router.ts'
import { serverTiming } from '../telemetry/server-timing.ts'
import { sendBytes } from './answer.ts'
import { attemptJson } from './attempt-json.ts'
import { attemptStream, type StreamHead } from './attempt-stream.ts'
import { ClientStream } from './client-stream.ts'
import { requireProvider, type ProxyDeps } from './deps.ts'
import { failover, type Tried } from './failover.ts'
import { fetchAssets } from './fetch-assets.ts'
import { headersFromUpstream, headerText, readHeaderText, upstreamRequestId } from './headers.ts'
import type { Journal } from './journal.ts'
import { parseRequest, type ParsedRequest } from './parse-request.ts'
import { prepare, type Prepared } from './prepare.ts'
import { readBody } from './read-body.ts'
import { resolveModels, single, type Resolved } from './resolve.ts'
import { withoutSecrets } from './without-secrets.ts'

/** One client request and what is known of it. */
export interface Visit {
  readonly deps: ProxyDeps
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly journal: Journal
  readonly flight: RequestInFlight
  /** Aborted the moment the client leaves. */
  readonly signal: AbortSignal
  /** What every answer to this request carries: its id. */
  readonly headers: OutgoingHttpHeaders
}

/** One generation or embedding, from its token to its last byte. Throws GatewayError while nothing was answered. */
export async function serve(visit: Visit, operation: Operation, pathModel: string | null): Promise<void> {
  const { deps, incoming, outgoing, journal } = visit
  const principal = await authenticate(visit)
  const bytes = await readBody(incoming, deps.limits.maxBodyBytes)
  const request = parseRequest(bytes, operation, pathModel)
  journal.stream = request.stream
  const named = readHeaderText(single(incoming.headers['x-modelgate-connection'])) ?? request.connectionName
  const resolved = resolveModels({
    snapshot: deps.registry.current(),
    principal,
    modelName: request.modelName,
    headers: incoming.headers,
    metadata: operation === 'chat' ? request.body['metadata'] : null,
  })
  if (!request.stream) return firstAble(visit, request, named, resolved, answerWhole)
  const client = new ClientStream({
    outgoing,
    clock: deps.clock,
    keepAliveMs: deps.limits.keepAliveMs,
    earlyHeaders: () => visit.headers,
  })
  try {
    await firstAble(visit, request, named, resolved, (...attempt) => answerStream(client, ...attempt))
  } catch (error) {
    if (!client.started || !(error instanceof GatewayError)) throw error
    journal.outcome = 'error'
    journal.error = error
    client.fail(error)
  } finally {
    client.close()
  }
}

export async function authenticate({ deps, incoming, journal }: Visit): Promise<Principal> {
  const principal = await deps.authenticate({
    authorization: incoming.headers.authorization,
    apiKey: single(incoming.headers['api-key']) ?? undefined,
    remoteAddress: deps.remoteAddress(incoming),
  })
  journal.principal = principal
  journal.authenticated()
  return principal
}

type Try = Pick<Attempt, 'connection' | 'answered'>
type Answer = (visit: Visit, prepared: Prepared, attempt: Try) => Promise<Tried>

/** The models in order: the next one's turn comes where one has no connection left to offer. */
async function firstAble(
  visit: Visit,
  request: ParsedRequest,
  connectionName: string | null,
  resolved: readonly Resolved[],
  answer: Answer,
): Promise<void> {
  const { deps, journal, signal, flight } = visit
  for (const [index, { model, team }] of resolved.entries()) {
    journal.model = model.name
    journal.team = team
    const prepared = prepare(deps, visit.incoming, request, model, connectionName)
    try {
      await failover({
        deps,
        journal,
        model,
        connectionName,
        affinityKey: keyFor(model, request),
        flight,
        unfit: prepared.unfit,
        signal,
        attempt: (attempt) => answer(visit, prepared, attempt),
      })
      return
    } catch (error) {
      const isLast = index === resolved.length - 1
      if (isLast || signal.aborted || !(error instanceof GatewayError) || error.status < 429) throw error
    }
  }
}

function keyFor(model: Model, request: ParsedRequest): string | null {
  return model.policy === 'affinity' && request.operation === 'chat'
    ? affinityKey(request.body.messages)
    : null
}

async function answerWhole(visit: Visit, prepared: Prepared, { connection }: Try): Promise<Tried> {
  const { deps, journal, signal, outgoing } = visit
  const call = prepared.call(connection)
  const translator = prepared.translator(connection)
  await fetchAssets(deps, translator, call, signal)
  const answer = await attemptJson(deps, translator, call, signal)
  journal.usage = answer.read.usage
  sendBytes(outgoing, 200, 'application/json', answer.bytes, successHeaders(visit, connection, answer))
  return { firstByteMs: answer.firstByteMs, error: null }
}

async function answerStream(
  client: ClientStream,
  visit: Visit,
  prepared: Prepared,
  { connection, answered }: Try,
): Promise<Tried> {
  const { deps, journal, signal } = visit
  const call = prepared.call(connection)
  const translator = prepared.translator(connection)
  await fetchAssets(deps, translator, call, signal)
  let firstByteMs = 0
  const end = await attemptStream({
    deps,
    translator,
    call,
    client,
    signal,
    onCommit: (head) => {
      firstByteMs = head.firstByteMs
      answered()
      journal.firstToken()
      client.start(successHeaders(visit, connection, head))
    },
  })
  journal.usage = end.usage
  if (end.error === null) {
    client.finish()
    return { firstByteMs, error: null }
  }
  if (!end.committed) throw end.error
  const error = withoutSecrets(end.error, connection.credential)
  journal.outcome = 'stream_error'
  journal.error = error
  client.fail(error)
  return { firstByteMs, error }
}

function successHeaders(visit: Visit, connection: Connection, head: StreamHead): OutgoingHttpHeaders {
  const { journal } = visit
  journal.upstreamRequestId = upstreamRequestId(head.headers)
  const headers: OutgoingHttpHeaders = {
    ...visit.headers,
    ...headersFromUpstream(head.headers, requireProvider(visit.deps, connection).rateLimits),
    'x-modelgate-provider': headerText(connection.provider),
    'x-modelgate-connection': headerText(connection.name),
    // The attempt that answers is recorded once it has ended.
    'x-modelgate-attempts': String(journal.attempts.length + 1),
    'server-timing': serverTiming({ authMs: journal.authMs, upstreamMs: journal.upstreamMs() }),
  }
  if (head.dropped.length > 0) headers['x-modelgate-dropped-params'] = headerText(head.dropped.join(', '))
  return headers
}

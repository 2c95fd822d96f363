import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Signal } from '../core/cancellation.ts'
import type { Connection, Model, Principal } from '../core/entities.ts'
import { GatewayError } from '../core/errors.ts'
import type { Operation } from '../core/openai.ts'
import type { Eventually } from '../core/provider.ts'
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
import { headerList, headerText, keepFromUpstream, readHeaderText, upstreamRequestId } from './headers.ts'
import type { Journal } from './journal.ts'
import { parseRequest, type ParsedRequest } from './parse-request.ts'
import { prepare, type Prepared } from './prepare.ts'
import { readBody } from './read-body.ts'
import { resolveModels, single, type Resolved } from './resolve.ts'

/** One client request and what is known of it. */
export interface Visit {
  readonly deps: ProxyDeps
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly journal: Journal
  readonly flight: RequestInFlight
  /** Aborted the moment the client leaves. */
  readonly signal: Signal
  /** What every answer to this request carries: its id. */
  readonly headers: OutgoingHttpHeaders
}

/** Puts pieces together to be looked through at once; what it answers must not be kept. */
export type Join = (pieces: readonly Buffer[]) => Buffer

/** One generation or embedding, from its token to its last byte. Throws GatewayError while nothing was answered. */
export async function serve(
  visit: Visit,
  operation: Operation,
  pathModel: string | null,
  join: Join,
): Promise<void> {
  const { deps, incoming, outgoing, journal } = visit
  const verifying = authenticate(visit)
  const principal = verifying instanceof Promise ? await verifying : verifying
  const pieces = await readBody(incoming, deps.limits.maxBodyBytes)
  const request = parseRequest(join(pieces), operation, pathModel, pieces)
  journal.stream = request.stream
  const named = readHeaderText(single(incoming.headers['x-modelgate-connection'])) ?? request.connectionName
  const resolved = resolveModels({
    snapshot: deps.registry.current(),
    principal,
    modelName: request.modelName,
    headers: incoming.headers,
    metadata: operation === 'chat' ? request.body['metadata'] : null,
  })
  if (!request.stream) {
    await firstAble({ visit, request, connectionName: named, answer: answerWhole }, resolved)
    return
  }
  const client = new ClientStream({
    outgoing,
    clock: deps.clock,
    keepAliveMs: deps.limits.keepAliveMs,
    earlyHeaders: () => visit.headers,
  })
  try {
    const answer: Answer = (...attempt) => answerStream(client, ...attempt)
    await firstAble({ visit, request, connectionName: named, answer }, resolved)
  } catch (error) {
    if (!client.started || !(error instanceof GatewayError)) throw error
    journal.outcome = 'error'
    journal.error = error
    client.fail(error)
  } finally {
    client.close()
  }
}

/** At once where the caller's token is known. Throws or rejects as the authenticator does. */
export function authenticate({ deps, incoming, journal }: Visit): Eventually<Principal> {
  const noted = (principal: Principal): Principal => {
    journal.principal = principal
    journal.authenticated()
    return principal
  }
  const verifying = deps.authenticate({
    authorization: incoming.headers.authorization,
    apiKey: single(incoming.headers['api-key']) ?? undefined,
    remoteAddress: deps.remoteAddress(incoming),
    socket: incoming.socket,
  })
  return verifying instanceof Promise ? verifying.then(noted) : noted(verifying)
}

type Try = Pick<Attempt, 'connection' | 'answered'>
type Answer = (visit: Visit, prepared: Prepared, attempt: Try) => Promise<Tried>

interface Wanted {
  readonly visit: Visit
  readonly request: ParsedRequest
  readonly connectionName: string | null
  readonly answer: Answer
}

/** The models in order: the next one's turn comes where one has no connection left to offer. */
function firstAble(wanted: Wanted, [candidate, ...others]: readonly Resolved[]): Promise<Tried> {
  if (candidate === undefined) throw new Error('a request has a model')
  const trying = useModel(wanted, candidate)
  if (others.length === 0) return trying
  return trying.catch((error: unknown) => {
    if (wanted.visit.signal.aborted || !(error instanceof GatewayError) || error.status < 429) throw error
    return firstAble(wanted, others)
  })
}

function useModel(
  { visit, request, connectionName, answer }: Wanted,
  { model, team }: Resolved,
): Promise<Tried> {
  const { deps, journal, signal, flight, incoming } = visit
  journal.model = model.name
  journal.team = team
  const prepared = prepare(deps, incoming, request, model, connectionName)
  return failover({
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
}

function keyFor(model: Model, request: ParsedRequest): string | null {
  return model.policy === 'affinity' && request.operation === 'chat'
    ? affinityKey(request.body.messages)
    : null
}

async function answerWhole(visit: Visit, prepared: Prepared, { connection }: Try): Promise<Tried> {
  const { deps, journal, signal, outgoing } = visit
  const call = prepared.call(connection, journal.traceparent)
  const translator = prepared.translator(connection)
  const fetching = fetchAssets(deps, translator, call, signal)
  if (fetching instanceof Promise) await fetching
  const answer = await attemptJson(deps, translator, call, signal)
  journal.usage = answer.read.usage
  sendBytes(outgoing, 200, 'application/json', answer.bytes, successHeaders(visit, connection, answer))
  return { firstByteMs: answer.firstByteMs, error: null }
}

async function answerStream(
  client: ClientStream,
  visit: Visit,
  prepared: Prepared,
  attempt: Try,
): Promise<Tried> {
  const { connection } = attempt
  const { deps, journal, signal } = visit
  const call = prepared.call(connection, journal.traceparent)
  const translator = prepared.translator(connection)
  const fetching = fetchAssets(deps, translator, call, signal)
  if (fetching instanceof Promise) await fetching
  let firstByteMs = 0
  const end = await attemptStream({
    deps,
    translator,
    call,
    client,
    signal,
    onCommit: (head) => {
      firstByteMs = head.firstByteMs
      attempt.answered()
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
  const error = deps.withoutSecrets(end.error, connection.credential)
  journal.outcome = 'stream_error'
  journal.error = error
  client.fail(error)
  return { firstByteMs, error }
}

function successHeaders(visit: Visit, connection: Connection, head: StreamHead): OutgoingHttpHeaders {
  const { journal } = visit
  const headers: OutgoingHttpHeaders = {
    ...visit.headers,
    'x-modelgate-provider': headerText(connection.provider),
    'x-modelgate-connection': headerText(connection.name),
    // The attempt that answers is recorded once it has ended.
    'x-modelgate-attempts': String(journal.attempts.length + 1),
    'server-timing': serverTiming({ authMs: journal.authMs, upstreamMs: journal.upstreamMs() }),
  }
  journal.upstreamRequestId = upstreamRequestId(head.headers)
  if (journal.upstreamRequestId !== null) headers['x-upstream-request-id'] = journal.upstreamRequestId
  if (head.dropped.length > 0) headers['x-modelgate-dropped-params'] = headerList(head.dropped)
  keepFromUpstream(headers, head.headers, requireProvider(visit.deps, connection).rateLimits)
  return headers
}

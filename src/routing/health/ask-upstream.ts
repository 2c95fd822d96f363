import type { Clock } from '../../core/clock.ts'
import type { Connection } from '../../core/entities.ts'
import { GatewayError } from '../../core/errors.ts'
import { scanTopLevel } from '../../core/json/top-level.ts'
import type { Operation } from '../../core/openai.ts'
import type { Call, Provider, Translator, UpstreamRequest, UpstreamResponse } from '../../core/provider.ts'
import type { Exchange } from '../../core/transport.ts'
import { openStream } from '../../providers/open-stream.ts'
import { collect } from '../../upstream/collect.ts'
import { openExchange, type Sending } from '../../upstream/open-exchange.ts'
import { type Said, saidInStream, saidWhole } from './read-answer.ts'

export interface Question {
  readonly connection: Connection
  readonly operation: Operation
  /** As a client would send it, without `stream`. */
  readonly body: Readonly<Record<string, unknown>>
  readonly stream?: boolean
  readonly signal: AbortSignal
}

/** Signs and sends; answers the whole of a success. Rejects with GatewayError. */
export type Send = (request: UpstreamRequest) => Promise<UpstreamResponse>

/** The way of a question to its upstream and back. Rejects with GatewayError, or with a fault of the gateway's own. */
export interface AskUpstream {
  providerOf(connection: Connection): Provider
  sender(connection: Connection, signal: AbortSignal): Send
  answer(question: Question): Promise<Said>
}

export interface AskUpstreamOptions extends Sending {
  readonly providers: ReadonlyMap<string, Provider>
  readonly clock: Clock
  readonly makeId: () => string
}

const maxAnswerBytes = 8 * 1024 * 1024
const maxDepth = 128

export function createAskUpstream(options: AskUpstreamOptions): AskUpstream {
  const { providers, clock, makeId } = options

  function providerOf(connection: Connection): Provider {
    const provider = providers.get(connection.provider)
    if (provider === undefined) throw new Error(`no provider named ${connection.provider}`)
    return provider
  }

  function open(connection: Connection, request: UpstreamRequest, signal: AbortSignal): Promise<Exchange> {
    return openExchange(options, { provider: providerOf(connection), connection }, request, signal)
  }

  function sender(connection: Connection, signal: AbortSignal): Send {
    return async (request) => {
      const exchange = await open(connection, request, signal)
      const body = await collect(exchange, { maxBytes: maxAnswerBytes, signal })
      return { status: exchange.status, headers: exchange.headers, body }
    }
  }

  async function answer(question: Question): Promise<Said> {
    const { connection, operation, signal } = question
    const provider = providerOf(connection)
    const translator = provider.operations[operation]
    if (translator === undefined) throw unserved(provider, operation)
    const call = callOf(question, { id: makeId(), created: Math.floor(clock.now() / 1000) })
    const mode = translator.streaming(connection)
    const { requests } = await translator.buildRequests(call)
    if (!call.stream || mode.kind === 'none') {
      return readWhole(translator, call, requests, sender(connection, signal))
    }
    const [request] = requests
    if (request === undefined || requests.length > 1) throw new Error('a stream is one upstream request')
    const exchange = await open(connection, request, signal)
    return saidInStream(exchange, openStream({ translator, mode, call, headers: exchange.headers }))
  }

  return { providerOf, sender, answer }
}

function callOf(
  { connection, operation, body, stream = false }: Question,
  stamp: { id: string; created: number },
): Call {
  const sent = stream ? { ...body, stream } : { ...body }
  const scan = scanTopLevel(Buffer.from(JSON.stringify(sent)), maxDepth)
  if (scan.kind !== 'object') throw new Error(`a question that is ${scan.kind}`)
  return {
    ...stamp,
    operation,
    body: sent,
    raw: scan.top,
    stream,
    includeUsage: false,
    headers: {},
    assets: new Map(),
    connection,
  } as unknown as Call
}

async function readWhole(
  translator: Translator,
  call: Call,
  requests: readonly UpstreamRequest[],
  send: Send,
): Promise<Said> {
  const responses: UpstreamResponse[] = []
  for (const request of requests) responses.push(await send(request))
  const [first] = responses
  if (first === undefined) throw new Error('a translator built no request')
  return saidWhole(await translator.readResponse(responses, call), first.body)
}

function unserved(provider: Provider, operation: Operation): GatewayError {
  const what = operation === 'embeddings' ? 'embeddings' : `${operation} operation`
  return new GatewayError('unsupported_operation', `${provider.name} has no ${what}.`)
}

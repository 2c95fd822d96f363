import type { Signal } from '../core/cancellation.ts'
import { asChunks, sseEvent, usageChunk } from '../core/chat-chunks.ts'
import type { ChatCompletion } from '../core/openai.ts'
import type { Call, HeaderMap, Translator } from '../core/provider.ts'
import { openStream } from '../providers/open-stream.ts'
import { openExchange } from '../upstream/open-exchange.ts'
import { attemptJson } from './attempt-json.ts'
import type { ClientStream } from './client-stream.ts'
import { requireProvider, type ProxyDeps } from './deps.ts'
import { pump, type PumpEnd } from './pump.ts'

export interface StreamAttempt {
  readonly deps: ProxyDeps
  readonly translator: Translator
  readonly call: Call
  readonly client: ClientStream
  readonly signal: Signal
  /** The first real event has come, and is about to be written. */
  readonly onCommit: (answer: StreamHead) => void
}

export interface StreamHead {
  readonly headers: HeaderMap
  readonly dropped: readonly string[]
  /** Ms from dispatch to the first real event. */
  readonly firstByteMs: number
}

/**
 * One attempt at a streamed answer. Throws GatewayError for what failed before a 2xx head; afterwards the end tells
 * whether the client has seen anything (`committed`) and what went wrong. `[DONE]` is the caller's to write.
 */
export async function attemptStream(attempt: StreamAttempt): Promise<PumpEnd> {
  const { deps, translator, call, signal } = attempt
  const mode = translator.streaming(call.connection)
  if (mode.kind === 'none') return wholeAsStream(attempt)
  const { requests, dropped } = await translator.buildRequests(call)
  const request = requests[0]
  if (request === undefined || requests.length > 1) throw new Error('a stream is one upstream request')
  const startedAt = deps.clock.monotonic()
  const { connection } = call
  const destination = { provider: requireProvider(deps, connection), connection }
  const exchange = await openExchange(deps, destination, request, signal)
  return pump({
    exchange,
    reader: openStream({ translator, mode, call, headers: exchange.headers }),
    client: attempt.client,
    signal,
    onCommit: () => {
      const firstByteMs = deps.clock.monotonic() - startedAt
      attempt.onCommit({ headers: exchange.headers, dropped, firstByteMs })
    },
  })
}

/** Where the upstream cannot stream: its whole answer, as the stream that was asked for. */
async function wholeAsStream({
  deps,
  translator,
  call,
  client,
  signal,
  onCommit,
}: StreamAttempt): Promise<PumpEnd> {
  const answer = await attemptJson(deps, translator, call, signal)
  onCommit(answer)
  const completion = answer.read.body as ChatCompletion
  for (const chunk of asChunks(completion)) client.write(sseEvent(chunk))
  const { usage } = answer.read
  if (call.includeUsage && usage !== null) {
    client.write(sseEvent(usageChunk(completion.id, completion.created, completion.model, usage)))
  }
  return { committed: true, usage, error: null }
}

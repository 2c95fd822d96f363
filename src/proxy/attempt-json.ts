import type { Signal } from '../core/cancellation.ts'
import type {
  Call,
  HeaderMap,
  ReadResponse,
  Translator,
  UpstreamRequest,
  UpstreamResponse,
} from '../core/provider.ts'
import { fetchWhole } from '../upstream/open-exchange.ts'
import { requireProvider, type ProxyDeps } from './deps.ts'
import { inParallel } from './in-parallel.ts'

/** Answers larger than this are no chat; a full batch of embeddings stays below it. */
const maxAnswerBytes = 64 * 1024 * 1024
/** Requests of one fan-out that are under way at once. */
const fanOutWidth = 4

export interface JsonAnswer {
  /** OpenAI's body: the upstream's own bytes, or what the translator made of them. */
  readonly bytes: Uint8Array | string
  readonly read: ReadResponse
  readonly headers: HeaderMap
  readonly dropped: readonly string[]
  /** Ms from the first dispatch to the first answer's head. */
  readonly firstByteMs: number
}

/** One attempt at a whole answer. Throws GatewayError. */
export async function attemptJson(
  deps: ProxyDeps,
  translator: Translator,
  call: Call,
  signal: Signal,
): Promise<JsonAnswer> {
  const building = translator.buildRequests(call)
  const { requests, dropped } = building instanceof Promise ? await building : building
  const { connection } = call
  const destination = { provider: requireProvider(deps, connection), connection }
  const startedAt = deps.clock.monotonic()
  let firstByteMs: number | null = null
  const onHead = (): void => {
    firstByteMs ??= deps.clock.monotonic() - startedAt
  }
  const fetchOne = (request: UpstreamRequest, itsSignal: Signal): Promise<UpstreamResponse> =>
    fetchWhole(deps, destination, request, { maxBytes: maxAnswerBytes, signal: itsSignal, onHead })
  const first = requests[0]
  if (first === undefined) throw new Error('a translator built no request')
  const responses =
    requests.length === 1
      ? [await fetchOne(first, signal)]
      : await inParallel({ items: requests, width: fanOutWidth, signal, work: fetchOne })
  const reading = translator.readResponse(responses, call)
  const read = reading instanceof Promise ? await reading : reading
  const answered = responses[0] as UpstreamResponse
  return {
    bytes: read.body === null ? answered.body : JSON.stringify(read.body),
    read,
    headers: answered.headers,
    dropped,
    firstByteMs: firstByteMs ?? 0,
  }
}

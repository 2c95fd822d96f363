import type { Call, Framing, HeaderMap, StreamMode, Translator } from '../core/provider.ts'
import type { StreamReader } from '../core/stream-reader.ts'
import { TranslatedStream } from './translated-stream.ts'
import { createEventStreamDecoder } from './wire/aws-event-stream.ts'
import type { Decoder } from './wire/decoder.ts'
import { createNdjsonDecoder } from './wire/ndjson.ts'
import { createOpenAITap } from './wire/openai-tap.ts'
import { createSseDecoder } from './wire/sse.ts'

export interface OpenStreamOptions {
  readonly translator: Translator
  readonly mode: Exclude<StreamMode, { kind: 'none' }>
  readonly call: Call
  /** The answer's. */
  readonly headers: HeaderMap
}

/**
 * The reader of one streamed answer, as its provider's stream mode says. Its `push` never throws GatewayError: a
 * failure ends the stream (`finished`), and `end` tells it, after the events that came before.
 */
export function openStream({ mode, call, headers }: OpenStreamOptions): StreamReader {
  if (mode.kind === 'translate') return new TranslatedStream(call, mode.open(call), decoders[mode.framing]())
  return createOpenAITap({
    ...mode.quirks,
    includeUsage: call.includeUsage,
    callId: call.id,
    expectedFinishes: expectedFinishes(call),
    headers,
  })
}

const decoders: Readonly<Record<Framing, () => Decoder>> = {
  sse: createSseDecoder,
  ndjson: createNdjsonDecoder,
  'aws-event-stream': createEventStreamDecoder,
}

/** Choices of the answer: `n` of each prompt. */
function expectedFinishes(call: Call): number {
  const { n } = call.body
  const each = typeof n === 'number' && n > 1 ? n : 1
  const isBatch = call.operation === 'completions' && Array.isArray(call.body.prompt)
  return isBatch && typeof call.body.prompt[0] !== 'number' ? each * call.body.prompt.length : each
}

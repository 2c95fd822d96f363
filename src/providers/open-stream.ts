import { sseEvent, isReal, usageChunk } from '../core/chat-chunks.ts'
import { GatewayError } from '../core/errors.ts'
import type { ChatChunk } from '../core/openai.ts'
import type { Call, Framing, HeaderMap, StreamMode, StreamTranslator, Translator, WireEvent } from '../core/provider.ts'
import type { StreamFinal, StreamReader, StreamStep } from '../core/stream-reader.ts'
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

/** The reader of one streamed answer, as its provider's stream mode says. Its `push` never throws GatewayError: a failure ends the stream. */
export function openStream({ mode, call, headers }: OpenStreamOptions): StreamReader {
  if (mode.kind === 'translate') return new TranslatedStream(call, mode.open(call), decoders[mode.framing]())
  return createOpenAITap({
    ...mode.quirks,
    includeUsage: call.includeUsage,
    expectedFinishes: expectedFinishes(call),
    headers,
  })
}

const decoders: Readonly<Record<Framing, () => Decoder>> = {
  sse: createSseDecoder,
  ndjson: createNdjsonDecoder,
  'aws-event-stream': () => {
    const decoder = createEventStreamDecoder()
    return {
      push: (chunk, onEvent) => {
        for (const event of decoder.push(chunk)) onEvent(event)
      },
      end: () => {},
    }
  },
}

/** Choices of the answer: `n` of each prompt. */
function expectedFinishes(call: Call): number {
  const { n } = call.body
  const each = typeof n === 'number' && n > 1 ? n : 1
  const isBatch = call.operation === 'completions' && Array.isArray(call.body.prompt)
  return isBatch && typeof call.body.prompt[0] !== 'number' ? each * call.body.prompt.length : each
}

const nothing: StreamStep = { output: null, events: 0, real: false, finished: false }

/** A decoder and a translator in line. The first failure ends it, after the chunks that came before. */
class TranslatedStream implements StreamReader {
  readonly #call: Call
  readonly #translator: StreamTranslator
  readonly #decoder: Decoder
  #model: string
  #failure: GatewayError | null = null

  constructor(call: Call, translator: StreamTranslator, decoder: Decoder) {
    this.#call = call
    this.#translator = translator
    this.#decoder = decoder
    this.#model = call.connection.modelName
  }

  push(chunk: Buffer): StreamStep | Promise<StreamStep> {
    if (this.#failure !== null || this.#translator.finished) return { ...nothing, finished: true }
    return this.#translate((onEvent) => this.#decoder.push(chunk, onEvent))
  }

  end(): StreamFinal {
    const last: WireEvent[] = []
    this.#guard(() => this.#decoder.end((event) => last.push(event)))
    let output = ''
    for (const event of last) {
      if (this.#failure !== null || this.#translator.finished) break
      this.#guard(() => {
        const chunks = this.#translator.push(event)
        if (!(chunks instanceof Promise)) output += this.#print(chunks)
      })
    }
    const { chunks, usage, error } = this.#translator.end()
    output += this.#print(chunks)
    const failure = this.#failure ?? error
    if (failure === null && usage !== null && this.#call.includeUsage) {
      output += sseEvent(usageChunk(this.#call.id, this.#call.created, this.#model, usage))
    }
    return { output: output === '' ? null : output, usage, error: failure }
  }

  #translate(decode: (onEvent: (event: WireEvent) => void) => void): StreamStep | Promise<StreamStep> {
    const events: WireEvent[] = []
    const fault = this.#guard(() => decode((event) => events.push(event)))
    this.#failure = null
    return this.#pushAll(events, fault)
  }
}

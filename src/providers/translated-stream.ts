import { isReal, sseEvent, usageChunk } from '../core/chat-chunks.ts'
import { GatewayError } from '../core/errors.ts'
import type { ChatChunk } from '../core/openai.ts'
import type { Call, Eventually, StreamTranslator, WireEvent } from '../core/provider.ts'
import type { StreamFinal, StreamReader, StreamStep } from '../core/stream-reader.ts'
import type { Decoder, OnEvent } from './wire/decoder.ts'

/**
 * A decoder and a translator in line, answering OpenAI's events. A failure ends the stream (`finished`), and `end`
 * tells it, so that the chunks before it in the same network chunk are not lost.
 */
export class TranslatedStream implements StreamReader {
  readonly #call: Call
  readonly #translator: StreamTranslator
  readonly #decoder: Decoder
  #model: string
  #failure: GatewayError | null = null
  #output = ''
  #real = false

  constructor(call: Call, translator: StreamTranslator, decoder: Decoder) {
    this.#call = call
    this.#translator = translator
    this.#decoder = decoder
    this.#model = call.connection.modelName
  }

  push(chunk: Buffer): Eventually<StreamStep> {
    const { events, fault } = this.#decode((onEvent) => this.#decoder.push(chunk, onEvent))
    const step = (): StreamStep => ({
      output: this.#takeOutput(),
      events: events.length,
      real: this.#real,
      finished: this.#isOver(),
    })
    const pending = this.#translate(events, 0, fault)
    return pending instanceof Promise ? pending.then(step) : step()
  }

  /** A last event may lack its final line end; an event of another framing was cut off. */
  end(): Eventually<StreamFinal> {
    const { events, fault } = this.#decode((onEvent) => this.#decoder.end(onEvent))
    const pending = this.#translate(events, 0, fault)
    return pending instanceof Promise ? pending.then(() => this.#final()) : this.#final()
  }

  #decode(work: (onEvent: OnEvent) => void): { events: readonly WireEvent[]; fault: unknown } {
    const events: WireEvent[] = []
    try {
      if (!this.#isOver()) work((event) => events.push(event))
      return { events, fault: null }
    } catch (fault) {
      return { events, fault }
    }
  }

  /** One event after the other; a translator that answers with a promise is waited for. */
  #translate(events: readonly WireEvent[], from: number, fault: unknown): Eventually<void> {
    for (const [index, event] of events.slice(from).entries()) {
      if (this.#isOver()) break
      try {
        const chunks = this.#translator.push(event)
        if (chunks instanceof Promise) {
          return chunks
            .then(
              (later) => this.#print(later),
              (error: unknown) => this.#fail(error),
            )
            .then(() => this.#translate(events, from + index + 1, fault))
        }
        this.#print(chunks)
      } catch (error) {
        this.#fail(error)
      }
    }
    if (fault !== null) this.#fail(fault)
  }

  #final(): StreamFinal {
    const { chunks, usage, error } = this.#translator.end()
    this.#print(chunks)
    const failure = this.#failure ?? error
    if (failure === null && usage !== null && this.#call.includeUsage) {
      this.#output += sseEvent(usageChunk(this.#call.id, this.#call.created, this.#model, usage))
    }
    return { output: this.#takeOutput(), usage, error: failure }
  }

  #isOver(): boolean {
    return this.#failure !== null || this.#translator.finished
  }

  /** Anything but a GatewayError is a fault of the gateway's own, and the caller's to report. */
  #fail(error: unknown): void {
    if (!(error instanceof GatewayError)) throw error
    this.#failure ??= error
  }

  #print(chunks: readonly ChatChunk[]): void {
    for (const chunk of chunks) {
      this.#model = chunk.model
      this.#real ||= isReal(chunk)
      // OpenAI's own say so on every chunk but the last, to those who asked for usage.
      this.#output += sseEvent(this.#call.includeUsage ? { ...chunk, usage: null } : chunk)
    }
  }

  #takeOutput(): string | null {
    const output = this.#output
    this.#output = ''
    return output === '' ? null : output
  }
}

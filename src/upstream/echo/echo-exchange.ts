import type { Clock } from '../../core/clock.ts'
import { GatewayError } from '../../core/errors.ts'
import type { HeaderMap } from '../../core/provider.ts'
import type { BodySink, DispatchOptions, Exchange } from '../../core/transport.ts'
import { DeadlineTimer, timeoutError, type Timers } from '../deadlines.ts'
import type { EchoAnswer } from './answer.ts'

export interface EchoExchangeOptions {
  readonly answer: EchoAnswer
  readonly dispatch: DispatchOptions
  readonly clock: Clock
  readonly timers: Timers
  /** Before each part, ms; 0: only as long as the event loop takes for one turn. */
  readonly delayMs: number
}

/** An answer made in the process, part by part, that keeps to the contract as one from a socket does. */
export class EchoExchange implements Exchange {
  readonly status: number
  readonly headers: HeaderMap
  readonly #options: EchoExchangeOptions
  readonly #parts: Iterator<string>
  readonly #timer: DeadlineTimer
  readonly #onAbort: () => void
  #sink: BodySink | null = null
  #failure: GatewayError | null = null
  #isPaused = false
  #isScheduled = false
  #isClosed = false

  constructor(options: EchoExchangeOptions) {
    const { answer, dispatch, clock, timers } = options
    this.status = answer.status
    this.headers = { 'content-type': answer.contentType }
    this.#options = options
    this.#parts = answer.parts[Symbol.iterator]()
    this.#onAbort = () => this.#fail(new GatewayError('upstream_error', 'The request was given up.'))
    dispatch.signal.addEventListener('abort', this.#onAbort)
    const onDue = (name: Parameters<typeof timeoutError>[0]) =>
      this.#fail(timeoutError(name, dispatch.deadlines, true))
    this.#timer = new DeadlineTimer({ deadlines: dispatch.deadlines, clock, timers, onDue })
    this.#timer.connected()
  }

  read(sink: BodySink): void {
    if (this.#sink !== null) throw new Error('a body is read once')
    this.#sink = sink
    if (this.#failure !== null) sink.error(this.#failure)
    this.#schedule()
  }

  pause(): void {
    this.#isPaused = true
    this.#timer.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#timer.resume()
    this.#schedule()
  }

  event(): void {
    this.#timer.event()
  }

  abort(): void {
    this.#close()
  }

  #schedule(): void {
    if (this.#isClosed || this.#isPaused || this.#isScheduled || this.#sink === null) return
    this.#isScheduled = true
    const { delayMs, timers } = this.#options
    const next = () => {
      this.#isScheduled = false
      this.#step()
    }
    if (delayMs > 0) timers.set(next, delayMs)
    else setImmediate(next)
  }

  #step(): void {
    const sink = this.#sink
    if (this.#isClosed || this.#isPaused || sink === null) return
    const part = this.#parts.next()
    if (part.done === true) {
      this.#close()
      sink.end()
      return
    }
    sink.data(Buffer.from(part.value))
    this.#schedule()
  }

  #fail(error: GatewayError): void {
    if (this.#isClosed) return
    this.#close()
    this.#failure = error
    this.#sink?.error(error)
  }

  #close(): void {
    this.#isClosed = true
    this.#timer.stop()
    this.#options.dispatch.signal.removeEventListener('abort', this.#onAbort)
  }
}

import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { sseEvent } from '../core/chat-chunks.ts'
import type { Clock } from '../core/clock.ts'
import { errorBody, type GatewayError } from '../core/errors.ts'
import { endAnswer } from './flush.ts'
import { writeChunk } from './write-chunk.ts'

export interface ClientStreamOptions {
  readonly outgoing: ServerResponse
  readonly clock: Clock
  /** Silence after which a comment goes out, ms. */
  readonly keepAliveMs: number
  /** The head, where silence forces it out before any connection has answered. */
  readonly earlyHeaders: () => OutgoingHttpHeaders
}

const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // nginx and its ingress hold answers back unless told otherwise
  'x-accel-buffering': 'no',
}

/** The client's side of an event stream: head, keep-alive comments, backpressure, and how it may end. */
export class ClientStream {
  readonly #options: ClientStreamOptions
  #lastWrite: number
  #timer: NodeJS.Timeout
  #drained: (() => void) | null = null

  constructor(options: ClientStreamOptions) {
    this.#options = options
    this.#lastWrite = options.clock.monotonic()
    this.#timer = setTimeout(() => this.#tick(), options.keepAliveMs)
    options.outgoing.on('drain', () => {
      const listener = this.#drained
      this.#drained = null
      listener?.()
    })
  }

  /** The 200 has gone out: from here on a failure is an event, not a status. */
  get started(): boolean {
    return this.#options.outgoing.headersSent
  }

  start(headers: OutgoingHttpHeaders): void {
    const { outgoing } = this.#options
    if (!outgoing.headersSent && !outgoing.destroyed)
      outgoing.writeHead(200, { ...headers, ...streamHeaders })
  }

  /** False where the client reads slower than we write: wait for `onDrain` before the next. */
  write(bytes: Uint8Array | string): boolean {
    this.#lastWrite = this.#options.clock.monotonic()
    return this.#options.outgoing.destroyed || writeChunk(this.#options.outgoing, bytes)
  }

  onDrain(listener: () => void): void {
    this.#drained = listener
  }

  /** `data: [DONE]` and a clean end. */
  finish(): void {
    this.#end('data: [DONE]\n\n')
  }

  /** One error event and an end without `[DONE]`. */
  fail(error: GatewayError): void {
    this.#end(sseEvent(errorBody(error)))
  }

  /** Stops the timer. Idempotent. */
  close(): void {
    clearTimeout(this.#timer)
  }

  /** One timer for the whole stream: a write only notes the time, and the timer looks whether it is really due. */
  #tick(): void {
    const { clock, keepAliveMs, outgoing } = this.#options
    if (clock.monotonic() - this.#lastWrite >= keepAliveMs - 1) {
      this.start(this.#options.earlyHeaders())
      // A client that does not read has bytes waiting as it is; comments would only pile up behind them.
      if (outgoing.writableNeedDrain) this.#lastWrite = clock.monotonic()
      else this.write(': keep-alive\n\n')
    }
    const dueMs = keepAliveMs - (clock.monotonic() - this.#lastWrite)
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, dueMs))
  }

  #end(last: string): void {
    this.close()
    if (!this.#options.outgoing.destroyed) endAnswer(this.#options.outgoing, last)
  }
}

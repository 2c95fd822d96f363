import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { errorBody, type GatewayError } from '../core/errors.ts'
import type { Clock } from '../core/clock.ts'

/** The client's side of an event stream: head, keep-alive comments, backpressure, and how it may end. */
export interface ClientStream {
  /** The 200 has gone out: from here on a failure is an event, not a status. */
  readonly started: boolean
  start(headers: OutgoingHttpHeaders): void
  /** False where the client reads slower than we write: wait for `onDrain` before the next. */
  write(bytes: Uint8Array | string): boolean
  onDrain(listener: () => void): void
  /** `data: [DONE]` and a clean end. */
  finish(): void
  /** One error event and an end without `[DONE]`. */
  fail(error: GatewayError): void
  /** Stops the timer. Idempotent. */
  close(): void
}

export interface ClientStreamOptions {
  readonly outgoing: ServerResponse
  readonly clock: Clock
  /** Silence after which a comment goes out, ms. */
  readonly keepAliveMs: number
  /** How long a client may take to read the last bytes, ms. */
  readonly flushMs: number
  /** The head, where silence forces it out before any connection has answered. */
  readonly earlyHeaders: () => OutgoingHttpHeaders
}

const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // nginx and its ingress buffer answers unless told otherwise
  'x-accel-buffering': 'no',
}

export function createClientStream(options: ClientStreamOptions): ClientStream {
  const { outgoing, clock, keepAliveMs, flushMs, earlyHeaders } = options
  let lastWrite = clock.monotonic()
  let drained: (() => void) | null = null
  let timer = setTimeout(tick, keepAliveMs)

  function tick(): void {
    const silentMs = clock.monotonic() - lastWrite
    if (silentMs >= keepAliveMs - 1) {
      if (!outgoing.headersSent) start(earlyHeaders())
      // A client that does not read has bytes waiting as it is; comments would only pile up behind them.
      if (!outgoing.writableNeedDrain) write(': keep-alive\n\n')
      else lastWrite = clock.monotonic()
    }
    timer = setTimeout(tick, Math.max(1, keepAliveMs - (clock.monotonic() - lastWrite)))
  }

  function start(headers: OutgoingHttpHeaders): void {
    if (outgoing.headersSent || outgoing.destroyed) return
    outgoing.writeHead(200, { ...headers, ...streamHeaders })
  }

  function write(bytes: Uint8Array | string): boolean {
    lastWrite = clock.monotonic()
    return outgoing.destroyed || outgoing.write(bytes)
  }

  /**
   * The last bytes must reach a client that still reads, and must not be held for one that does not: its socket is
   * destroyed before the end was written, since SDKs take a clean end for success.
   */
  function end(last: string): void {
    close()
    if (outgoing.destroyed) return
    const giveUp = setTimeout(() => outgoing.destroy(), flushMs)
    outgoing.once('close', () => clearTimeout(giveUp))
    outgoing.end(last, () => clearTimeout(giveUp))
  }

  function close(): void {
    clearTimeout(timer)
  }

  outgoing.on('drain', () => {
    const listener = drained
    drained = null
    listener?.()
  })

  return {
    get started() {
      return outgoing.headersSent
    },
    start,
    write,
    onDrain: (listener) => {
      drained = listener
    },
    finish: () => end('data: [DONE]\n\n'),
    fail: (error) => end(`data: ${JSON.stringify(errorBody(error))}\n\n`),
    close,
  }
}

import { type Dispatcher, errors } from 'undici'
import type { Signal } from '../core/cancellation.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import type { HeaderMap } from '../core/provider.ts'
import type { BodySink, DispatchOptions, Exchange } from '../core/transport.ts'
import type { ClientPool, PooledClient } from './client-pool.ts'
import { type DeadlineName, DeadlineTimer, timeoutError, type Timers } from './deadlines.ts'
import { networkError, type Stage, unsendableError } from './failures.ts'

/** An answer that comes before anybody reads it is held up to here; small ones are complete by then. */
const maxHeldBytes = 64 * 1024
/** No server closes a socket for having been idle so shortly. */
const staleAfterMs = 1_000

export interface HttpExchangeOptions {
  readonly dispatch: DispatchOptions
  readonly pool: ClientPool
  readonly pooled: PooledClient
  readonly clock: Clock
  readonly timers: Timers
  readonly onHead: (exchange: HttpExchange) => void
  /** Instead of `onHead`, once. */
  readonly onFailure: (error: Error) => void
}

/** One request on one socket: undici's handler below, the contract's exchange above. */
export class HttpExchange implements Exchange, Dispatcher.DispatchHandler {
  status = 0
  headers: HeaderMap = {}
  readonly #options: HttpExchangeOptions
  readonly #timer: DeadlineTimer
  readonly #onAbort: () => void
  #controller: Dispatcher.DispatchController | null = null
  #stage: Stage = 'connecting'
  /** The whole answer has come, and the socket is another's. */
  #hasEnded = false
  /** Nobody hears any more of it. */
  #isClosed = false
  #isStale = false
  #sink: BodySink | null = null
  #isPaused = false
  #isFlushing = false
  #held: Buffer[] = []
  #heldBytes = 0
  #heldError: GatewayError | null = null

  constructor(options: HttpExchangeOptions) {
    this.#options = options
    const { dispatch, clock, timers } = options
    // Bound methods: arrow functions here would keep every exchange until the whole heap is collected.
    this.#timer = new DeadlineTimer({
      deadlines: dispatch.deadlines,
      clock,
      timers,
      onDue: this.#onDue.bind(this),
    })
    this.#onAbort = this.#giveUp.bind(this)
    dispatch.signal.addEventListener('abort', this.#onAbort)
  }

  read(sink: BodySink): void {
    if (this.#sink !== null) throw new Error('a body is read once')
    this.#sink = sink
    this.#flush()
  }

  pause(): void {
    if (this.#isClosed || this.#isPaused) return
    this.#isPaused = true
    this.#timer.pause()
    if (!this.#hasEnded) this.#controller?.pause()
  }

  resume(): void {
    if (this.#isClosed || !this.#isPaused) return
    this.#isPaused = false
    this.#timer.resume()
    this.#flush()
  }

  event(): void {
    if (!this.#isClosed) this.#timer.event()
  }

  abort(): void {
    if (this.#isClosed) return
    this.#close()
    if (!this.#hasEnded) this.#options.pool.discard(this.#options.pooled)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { pooled, clock } = this.#options
    this.#controller = controller
    this.#stage = 'sent'
    this.#isStale = pooled.served > 0 && clock.monotonic() - pooled.idleSince >= staleAfterMs
    pooled.served++
    this.#timer.connected()
  }

  onResponseStarted(): void {
    this.#isStale = false
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // 1xx: the answer is still to come.
    if (status < 200 || this.#isClosed) return
    this.#stage = 'answering'
    this.status = status
    this.headers = joined(headers)
    this.#options.onHead(this)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isClosed) return
    if (this.#sink !== null && !this.#isPaused) {
      this.#sink.data(chunk)
      return
    }
    // Also while paused: where the upstream closes, undici hands over what it had already read.
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes > maxHeldBytes) this.#controller?.pause()
  }

  onResponseEnd(): void {
    if (this.#isClosed) return
    const { pool, pooled, dispatch } = this.#options
    // A reset of a body that only the end of the connection delimits passes for its end.
    if (pooled.socketError !== null) return this.#fail(networkError(this.#stage, pooled.socketError, false))
    this.#hasEnded = true
    pool.release(pooled)
    if (this.#sink === null || this.#isPaused) {
      // Nobody takes it now: until then no deadline runs, and there is nothing left to abort.
      this.#timer.pause()
      dispatch.signal.removeEventListener('abort', this.#onAbort)
    }
    this.#flush()
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#isClosed || this.#hasEnded) return
    const isUnsendable = this.#stage === 'connecting' && isRefusedByUndici(error)
    this.#fail(isUnsendable ? unsendableError(error) : networkError(this.#stage, error, this.#isStale))
  }

  #onDue(name: DeadlineName): void {
    this.#fail(timeoutError(name, this.#options.dispatch.deadlines, this.#stage !== 'connecting'))
  }

  #giveUp(): void {
    const { dispatch, onFailure } = this.#options
    if (this.#stage === 'answering') return this.#fail(givenUp(dispatch.signal))
    this.abort()
    onFailure(dispatch.signal.reason as Error)
  }

  /** At once where somebody reads, even over bytes held back: a client that does not read must not hide it. */
  #fail(error: GatewayError): void {
    const { pool, pooled, onFailure } = this.#options
    const sink = this.#sink
    const isHeld = this.#stage === 'answering' && sink === null
    const ownsSocket = !this.#hasEnded
    // Before the socket goes, of which undici tells at once.
    this.#hasEnded = true
    if (isHeld) this.#timer.stop()
    else this.#close()
    if (ownsSocket) pool.discard(pooled)
    if (isHeld) this.#heldError ??= error
    else if (sink === null) onFailure(error)
    else sink.error(error)
  }

  #flush(): void {
    const sink = this.#sink
    if (sink === null || this.#isFlushing) return
    this.#isFlushing = true
    for (let chunk = this.#nextHeld(); chunk !== undefined; chunk = this.#nextHeld()) sink.data(chunk)
    this.#isFlushing = false
    if (this.#isPaused || this.#isClosed) return
    if (!this.#hasEnded) {
      this.#controller?.resume()
      return
    }
    const error = this.#heldError
    this.#close()
    if (error === null) sink.end()
    else sink.error(error)
  }

  #nextHeld(): Buffer | undefined {
    if (this.#isPaused || this.#isClosed) return undefined
    const chunk = this.#held.shift()
    this.#heldBytes -= chunk?.length ?? 0
    return chunk
  }

  #close(): void {
    this.#isClosed = true
    // It holds the raw headers and more; let go early, they cost the collector less.
    this.#controller = null
    this.#held = []
    this.#timer.stop()
    this.#options.dispatch.signal.removeEventListener('abort', this.#onAbort)
  }
}

/** An answer that nobody waits for any more says nothing of the connection. */
function givenUp({ reason }: Signal): GatewayError {
  if (reason instanceof GatewayError) return reason
  return new GatewayError('upstream_error', 'The request was given up.', { cause: reason })
}

/** undici gives a repeated header as a list. */
function joined(headers: Record<string, string | string[] | undefined>): HeaderMap {
  for (const name in headers) {
    const value = headers[name]
    if (Array.isArray(value)) headers[name] = value.join(', ')
  }
  return headers as HeaderMap
}

function isRefusedByUndici(error: Error): boolean {
  const refusals = [
    errors.InvalidArgumentError,
    errors.NotSupportedError,
    errors.RequestContentLengthMismatchError,
  ]
  return refusals.some((refusal) => error instanceof refusal)
}

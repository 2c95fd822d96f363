import type { Signal } from '../core/cancellation.ts'
import { GatewayError } from '../core/errors.ts'
import type { Eventually } from '../core/provider.ts'
import type { StreamFinal, StreamReader, StreamStep } from '../core/stream-reader.ts'
import type { BodySink, Exchange } from '../core/transport.ts'
import type { Usage } from '../core/usage.ts'
import type { ClientStream } from './client-stream.ts'
import { createInTurn } from './in-turn.ts'

export interface PumpEnd {
  /** The first real event has reached the client: nothing may be retried. */
  readonly committed: boolean
  readonly usage: Usage | null
  readonly error: GatewayError | null
}

export interface PumpOptions {
  readonly exchange: Exchange
  readonly reader: StreamReader
  readonly client: ClientStream
  /** Aborted when the client leaves. */
  readonly signal: Signal
  /** Called once, as the first real event has come and before it is written. */
  readonly onCommit: () => void
}

/** What is held back before the first real event: a role, filter frames. More than this is no sane beginning. */
const maxHeldBytes = 1024 * 1024

/**
 * Carries one upstream stream to the client. Everything is held until the first real event, so that a failure before
 * it can still go to another connection; after it, bytes flow with backpressure. Settles once, never rejects; the
 * client's last event (`[DONE]` or the error) is the caller's to write.
 */
export function pump(options: PumpOptions): Promise<PumpEnd> {
  return new Promise((resolve) => {
    const sink = new Pump(options, resolve)
    options.signal.addEventListener('abort', () => sink.error(clientLeft()))
    options.exchange.read(sink)
  })
}

function clientLeft(): GatewayError {
  return new GatewayError('upstream_error', 'The client left before the answer was complete.')
}

class Pump implements BodySink {
  readonly #options: PumpOptions
  readonly #resolve: (end: PumpEnd) => void
  readonly #inTurn: (work: () => Eventually<void>) => void
  #held: (Uint8Array | string)[] = []
  #heldBytes = 0
  #committed = false
  #done = false
  #draining = false
  /** Why the upstream is to wait: a translator at work, a client that reads slowly. */
  #holds = 0

  constructor(options: PumpOptions, resolve: (end: PumpEnd) => void) {
    this.#options = options
    this.#resolve = resolve
    this.#inTurn = createInTurn((error) => this.#fail(error))
  }

  data(chunk: Buffer): void {
    this.#inTurn(() => {
      if (this.#done) return
      const step = this.#options.reader.push(chunk)
      if (!(step instanceof Promise)) return this.#take(step)
      this.#hold()
      return step.then((later) => this.#take(later)).finally(() => this.#release())
    })
  }

  end(): void {
    this.#inTurn(() => this.#finish())
  }

  error(error: GatewayError): void {
    const isClients = this.#draining && error.reason === 'timeout'
    this.#inTurn(() => this.#fail(isClients ? ofTheClient(error) : error))
  }

  #take(step: StreamStep): Eventually<void> {
    if (this.#done) return
    if (step.real) this.#commit()
    // A role or a filter frame does not end the wait for the first event.
    if (step.events > 0 && this.#committed) this.#options.exchange.event()
    if (step.output !== null) this.#write(step.output)
    if (step.finished) return this.#finish()
  }

  #commit(): void {
    if (this.#committed) return
    this.#committed = true
    this.#options.onCommit()
    const waiting = this.#held
    this.#held = []
    for (const output of waiting) this.#write(output)
  }

  #write(output: Uint8Array | string): void {
    if (this.#committed) {
      if (!this.#options.client.write(output) && !this.#draining) this.#waitForClient()
      return
    }
    this.#held.push(output)
    this.#heldBytes += output.length
    if (this.#heldBytes > maxHeldBytes) {
      throw new GatewayError('upstream_error', 'The upstream sent a stream without content.', {
        reason: 'provider_down',
      })
    }
  }

  #waitForClient(): void {
    this.#draining = true
    this.#hold()
    this.#options.client.onDrain(() => {
      this.#draining = false
      this.#release()
    })
  }

  #hold(): void {
    if (this.#holds++ === 0) this.#options.exchange.pause()
  }

  #release(): void {
    if (--this.#holds === 0) this.#options.exchange.resume()
  }

  #finish(): Eventually<void> {
    if (this.#done) return
    const final = this.#options.reader.end()
    return final instanceof Promise ? final.then((later) => this.#complete(later)) : this.#complete(final)
  }

  #complete(final: StreamFinal): void {
    if (this.#done) return
    // A provider that goes on sending after its error would hold the socket.
    if (final.error === null) this.#commit()
    else this.#options.exchange.abort()
    if (final.output !== null && this.#committed) this.#write(final.output)
    this.#settle(final.error, final.usage)
  }

  #fail(error: unknown): void {
    if (this.#done) return
    this.#options.exchange.abort()
    const final = this.#options.reader.end()
    // A last event that must be waited for has no say in a stream that failed.
    if (final instanceof Promise) final.catch(() => {})
    this.#settle(asGatewayError(error), final instanceof Promise ? null : final.usage)
  }

  #settle(error: GatewayError | null, usage: Usage | null): void {
    this.#done = true
    this.#resolve({ committed: this.#committed, usage, error })
  }
}

/** A deadline that passes while the client does not read says nothing of the connection. */
function ofTheClient({ code, message }: GatewayError): GatewayError {
  return new GatewayError(code, message)
}

function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  return new GatewayError('internal_error', 'The gateway failed to read the answer.', { cause: error })
}

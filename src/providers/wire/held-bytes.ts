import { GatewayError } from '../../core/errors.ts'

const firstHold = 1024

/** Events larger than this are no sane event; the same for every framing. */
export const defaultMaxEventBytes = 8 * 1024 * 1024

/** The beginning of an event whose end has not come. Grows by doubling: each byte is copied a few times at most. */
export class HeldBytes {
  readonly #maxBytes: number
  #bytes = Buffer.alloc(0)
  length = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Throws GatewayError (reason provider_down) over the bound. */
  add(bytes: Buffer, start: number, end: number): void {
    const length = this.length + end - start
    this.check(end - start)
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(firstHold, length, this.#bytes.length * 2))
      this.#bytes.copy(grown, 0, 0, this.length)
      this.#bytes = grown
    }
    bytes.copy(this.#bytes, this.length, start, end)
    this.length = length
  }

  /** Throws where `more` bytes on top would be over the bound. */
  check(more: number): void {
    if (this.length + more <= this.#maxBytes) return
    throw new GatewayError(
      'upstream_error',
      `The upstream sent an event longer than ${this.#maxBytes} bytes.`,
      {
        reason: 'provider_down',
      },
    )
  }

  /** Hands the bytes over: they are the caller's, nothing writes to them again. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.length)
    this.#bytes = Buffer.alloc(0)
    this.length = 0
    return taken
  }
}

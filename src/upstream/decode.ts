import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { GatewayError } from '../core/errors.ts'
import type { HeaderMap } from '../core/provider.ts'
import type { BodySink, Exchange } from '../core/transport.ts'

const decoders = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
} as const

/**
 * Answers the exchange with its body as it was before compression: `identity` is asked for, and not every upstream
 * heeds it. Fails for an encoding that is none of gzip, deflate, br and zstd.
 */
export function decoded(
  exchange: Exchange,
  resolve: (exchange: Exchange) => void,
  reject: (error: GatewayError) => void,
): void {
  const encoding = exchange.headers['content-encoding']?.trim().toLowerCase() ?? ''
  if (encoding === '' || encoding === 'identity') return resolve(exchange)
  if (Object.hasOwn(decoders, encoding)) {
    return resolve(new DecodedExchange(exchange, decoders[encoding as keyof typeof decoders]()))
  }
  exchange.abort()
  reject(unreadable('The upstream answered in an encoding that it was not asked for.'))
}

type Decoder = ReturnType<(typeof decoders)[keyof typeof decoders]>

class DecodedExchange implements Exchange {
  readonly status: number
  readonly headers: HeaderMap
  readonly #exchange: Exchange
  readonly #decoder: Decoder
  #isPaused = false
  /** The decoder has as much as it takes for now. */
  #isFull = false
  #isClosed = false

  constructor(exchange: Exchange, decoder: Decoder) {
    const { 'content-encoding': _encoding, 'content-length': _length, ...headers } = exchange.headers
    this.status = exchange.status
    this.headers = headers
    this.#exchange = exchange
    this.#decoder = decoder
  }

  read(sink: BodySink): void {
    const decoder = this.#decoder
    decoder.on('data', (chunk: Buffer) => {
      if (!this.#isClosed) sink.data(chunk)
    })
    decoder.on('drain', () => {
      this.#isFull = false
      if (!this.#isPaused) this.#exchange.resume()
    })
    decoder.on('end', () => {
      if (this.#close()) sink.end()
    })
    decoder.on('error', (cause) => {
      this.#exchange.abort()
      if (this.#close()) sink.error(unreadable("The upstream's compressed answer is damaged.", cause))
    })
    if (this.#isPaused) decoder.pause()
    this.#exchange.read({
      data: (chunk) => {
        if (decoder.write(chunk)) return
        this.#isFull = true
        this.#exchange.pause()
      },
      end: () => {
        decoder.end()
      },
      error: (error) => {
        if (this.#close()) sink.error(error)
      },
    })
  }

  pause(): void {
    this.#isPaused = true
    this.#decoder.pause()
    this.#exchange.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#decoder.resume()
    if (!this.#isFull) this.#exchange.resume()
  }

  event(): void {
    this.#exchange.event()
  }

  abort(): void {
    this.#exchange.abort()
    this.#close()
  }

  /** False where nobody hears of it any more. */
  #close(): boolean {
    if (this.#isClosed) return false
    this.#isClosed = true
    this.#decoder.destroy()
    return true
  }
}

function unreadable(message: string, cause?: unknown): GatewayError {
  return new GatewayError('upstream_error', message, { reason: 'provider_down', cause })
}

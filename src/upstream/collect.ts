import type { Signal } from '../core/cancellation.ts'
import { GatewayError } from '../core/errors.ts'
import type { Exchange } from '../core/transport.ts'

export interface CollectOptions {
  readonly maxBytes: number
  readonly signal: Signal
  /** The first `maxBytes` of a larger body, instead of a failure. */
  readonly truncate?: boolean
}

/**
 * Reads a whole body. Rejects with GatewayError where it breaks off, a deadline passes, or it is larger than
 * `maxBytes`; with the signal's reason after an abort.
 */
export function collect(
  exchange: Exchange,
  { maxBytes, signal, truncate = false }: CollectOptions,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    exchange.read({
      data(chunk) {
        chunks.push(chunk)
        size += chunk.length
        if (size > maxBytes) {
          exchange.abort()
          if (truncate) resolve(Buffer.concat(chunks).subarray(0, maxBytes))
          else reject(tooLarge(maxBytes))
        } else if (!isBlank(chunk)) {
          exchange.event()
        }
      },
      end: () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size)),
      error: (error) => reject(signal.aborted ? (signal.reason as Error) : error),
    })
  })
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('upstream_error', `The upstream's answer is larger than ${maxBytes} bytes.`, {
    reason: 'provider_down',
  })
}

/** Some upstreams send blank lines while a request waits its turn: those are no sign of an answer. */
function isBlank(chunk: Buffer): boolean {
  for (const byte of chunk) if (byte !== 0x0a && byte !== 0x0d && byte !== 0x20 && byte !== 0x09) return false
  return true
}

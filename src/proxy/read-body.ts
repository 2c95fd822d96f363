import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../core/errors.ts'

/** Bytes of a refused body that are still read and thrown away, so that the client gets to read its answer. */
const discardBytes = 64 * 1024 * 1024

/** Lets the rest of an unwanted body flow by, bounded; past the bound the socket goes. */
export function discardBody(incoming: IncomingMessage): void {
  if (incoming.readableEnded || incoming.destroyed) return
  let seen = 0
  incoming.removeAllListeners('data')
  incoming.on('error', () => {})
  incoming.on('data', (chunk: Buffer) => {
    seen += chunk.length
    if (seen > discardBytes) incoming.destroy()
  })
  incoming.resume()
}

/**
 * The whole body in the pieces it came in, of at most `maxBytes` (413 `request_too_large`). How long it may take is the listener's
 * `requestTimeout`; a client that leaves rejects with the socket's error.
 */
export function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer[]> {
  const encoding = incoming.headers['content-encoding']?.toLowerCase() ?? ''
  if (encoding !== '' && encoding !== 'identity') {
    throw new GatewayError('invalid_request', 'A request body with a content-encoding is not supported.', {
      status: 415,
    })
  }
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const left = () => new Error('the client left while sending its request')
  if (incoming.destroyed && !incoming.readableEnded) throw left()
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= maxBytes) chunks.push(chunk)
      else {
        chunks.length = 0
        reject(tooLarge(maxBytes))
      }
    })
    incoming.on('end', () => resolve(chunks))
    incoming.on('error', reject)
    incoming.on('close', () => {
      if (!incoming.readableEnded) reject(left())
    })
  })
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError(
    'request_too_large',
    `The request body is larger than the limit of ${maxBytes} bytes.`,
  )
}

import { crc32 } from 'node:zlib'
import { GatewayError } from '../../core/errors.ts'
import type { WireEvent } from '../../core/provider.ts'
import { readEventHeaders } from './aws-event-headers.ts'

export interface EventStreamDecoder {
  /**
   * The events that this chunk completes, to be read to the end before the next chunk. Throws GatewayError (reason
   * provider_down) at the first malformed frame, after the events that came before it.
   */
  push(chunk: Uint8Array): Iterable<WireEvent>
  /** Bytes of an unfinished frame: more than 0 at the end of a body means that it was cut off. */
  pending(): number
}

const preludeBytes = 12
const trailerBytes = 4
const firstHold = 1024

/**
 * Incremental decoder of `application/vnd.amazon.eventstream`: total length, headers length, CRC of both, headers,
 * payload, CRC of everything (AWS event stream encoding, documentation of Amazon Transcribe streaming). Frames that
 * lie whole in a chunk are read in place; only a frame that spans chunks is copied, once.
 */
export function createEventStreamDecoder({ maxFrameBytes = 16 * 1024 * 1024 } = {}): EventStreamDecoder {
  let held = Buffer.alloc(0)
  let heldBytes = 0
  let fault: GatewayError | null = null

  /** Adds to the held frame what it lacks up to `size`; answers how many bytes it took. */
  function hold(bytes: Buffer, size: number): number {
    const taken = Math.min(bytes.length, size - heldBytes)
    if (heldBytes + taken > held.length) {
      // Grown by doubling and never by what a frame merely announces, so that a false length costs nothing.
      const grown = Buffer.allocUnsafe(
        Math.max(firstHold, heldBytes + taken, Math.min(held.length * 2, size)),
      )
      held.copy(grown, 0, 0, heldBytes)
      held = grown
    }
    bytes.copy(held, heldBytes, 0, taken)
    heldBytes += taken
    return taken
  }

  function* frames(chunk: Buffer): Generator<WireEvent> {
    let rest = chunk
    while (rest.length > 0) {
      if (heldBytes === 0 && rest.length >= preludeBytes) {
        const size = frameSize(rest, maxFrameBytes)
        if (rest.length >= size) {
          yield readFrame(rest.subarray(0, size))
          rest = rest.subarray(size)
          continue
        }
      }
      const size = heldBytes < preludeBytes ? preludeBytes : frameSize(held, maxFrameBytes)
      rest = rest.subarray(hold(rest, size))
      if (heldBytes >= preludeBytes && heldBytes === frameSize(held, maxFrameBytes)) {
        const event = readFrame(held.subarray(0, heldBytes))
        heldBytes = 0
        held = Buffer.alloc(0)
        yield event
      }
    }
  }

  return {
    *push(chunk) {
      if (fault !== null) throw fault
      try {
        yield* frames(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
      } catch (error) {
        held = Buffer.alloc(0)
        heldBytes = 0
        fault = error instanceof GatewayError ? error : malformed('it cannot be read')
        throw fault
      }
    },
    pending: () => heldBytes,
  }
}

function frameSize(bytes: Buffer, maxFrameBytes: number): number {
  if (crc32(bytes.subarray(0, 8)) !== bytes.readUInt32BE(8)) throw malformed('its prelude checksum is wrong')
  const total = bytes.readUInt32BE(0)
  if (total > maxFrameBytes) throw malformed(`it is longer than ${maxFrameBytes} bytes`)
  if (total < preludeBytes + trailerBytes + bytes.readUInt32BE(4))
    throw malformed('its lengths contradict each other')
  return total
}

function readFrame(frame: Buffer): WireEvent {
  const end = frame.length - trailerBytes
  if (crc32(frame.subarray(0, end)) !== frame.readUInt32BE(end)) throw malformed('its checksum is wrong')
  const payloadAt = preludeBytes + frame.readUInt32BE(4)
  const headers = readEventHeaders(frame.subarray(preludeBytes, payloadAt))
  if (headers === null) throw malformed('its headers cannot be read')
  const data = frame.toString('utf8', payloadAt, end)
  switch (headers.get(':message-type')) {
    case 'exception':
      return { type: headers.get(':exception-type') ?? '', data, kind: 'exception' }
    case 'error':
      // An unmodelled error has its text in a header and no payload; given as a payload it reads like the others.
      return {
        type: headers.get(':error-code') ?? '',
        data: JSON.stringify({ message: headers.get(':error-message') ?? '' }),
        kind: 'error',
      }
    default:
      return { type: headers.get(':event-type') ?? '', data, kind: 'event' }
  }
}

function malformed(why: string): GatewayError {
  return new GatewayError('upstream_error', `The upstream sent a malformed event stream frame: ${why}.`, {
    reason: 'provider_down',
  })
}

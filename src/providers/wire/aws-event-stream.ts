import { crc32 } from 'node:zlib'
import { GatewayError } from '../../core/errors.ts'
import type { WireEvent } from '../../core/provider.ts'
import { readEventHeaders } from './aws-event-headers.ts'
import type { Decoder, OnEvent } from './decoder.ts'
import { HeldBytes } from './held-bytes.ts'

const preludeBytes = 12
const trailerBytes = 4

/**
 * Incremental decoder of `application/vnd.amazon.eventstream`: total length, headers length, CRC of both, headers,
 * payload, CRC of everything (AWS event stream encoding, Amazon Transcribe's documentation). Frames that lie whole in
 * a chunk are read in place. A stream that ends inside a frame was cut off: `end` throws GatewayError.
 */
export function createEventStreamDecoder({ maxFrameBytes = 16 * 1024 * 1024 } = {}): Decoder {
  const held = new HeldBytes(maxFrameBytes)
  /** Of the frame whose beginning is held; null until its prelude is whole. */
  let heldSize: number | null = null

  function hold(chunk: Buffer, start: number, onEvent: OnEvent): number {
    const wanted = heldSize ?? preludeBytes
    const end = Math.min(chunk.length, start + wanted - held.length)
    held.add(chunk, start, end)
    if (held.length < wanted) return end
    const bytes = held.take()
    if (heldSize === null) {
      heldSize = frameSize(bytes, maxFrameBytes)
      held.add(bytes, 0, bytes.length)
    } else {
      heldSize = null
      onEvent(readFrame(bytes))
    }
    return end
  }

  return {
    push(chunk, onEvent) {
      let start = 0
      while (start < chunk.length) {
        const rest = held.length > 0 ? null : chunk.subarray(start)
        const size = rest !== null && rest.length >= preludeBytes ? frameSize(rest, maxFrameBytes) : Infinity
        if (rest !== null && rest.length >= size) {
          onEvent(readFrame(rest.subarray(0, size)))
          start += size
        } else {
          start = hold(chunk, start, onEvent)
        }
      }
    },
    end() {
      if (held.length > 0) throw malformed('it was cut off')
    },
  }
}

function frameSize(bytes: Buffer, maxFrameBytes: number): number {
  if (crc32(bytes.subarray(0, 8)) !== bytes.readUInt32BE(8)) throw malformed('its prelude checksum is wrong')
  const total = bytes.readUInt32BE(0)
  if (total > maxFrameBytes) throw malformed(`it is longer than ${maxFrameBytes} bytes`)
  const least = preludeBytes + bytes.readUInt32BE(4) + trailerBytes
  if (total < least) throw malformed('its lengths contradict each other')
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

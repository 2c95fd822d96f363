import { crc32 } from 'node:zlib'

export type EventHeaders = Readonly<Record<string, string>>

/** One frame of `application/vnd.amazon.eventstream`, as AWS sends it: all headers strings (type 7), both checksums. */
export function encodeFrame(headers: EventHeaders, payload: string | Uint8Array): Buffer {
  const encoded = Object.entries(headers).map(([name, value]) => encodeHeader(name, value))
  return frameOf(Buffer.concat(encoded), Buffer.from(payload))
}

/** A frame of ready-made header bytes: for header types that Bedrock never sends. */
export function frameOf(headers: Buffer, payload: Buffer): Buffer {
  const frame = Buffer.alloc(16 + headers.length + payload.length)
  frame.writeUInt32BE(frame.length, 0)
  frame.writeUInt32BE(headers.length, 4)
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8)
  headers.copy(frame, 12)
  payload.copy(frame, 12 + headers.length)
  frame.writeUInt32BE(crc32(frame.subarray(0, frame.length - 4)), frame.length - 4)
  return frame
}

function encodeHeader(name: string, value: string): Buffer {
  const text = Buffer.from(value)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(text.length)
  return Buffer.concat([
    Buffer.from([Buffer.byteLength(name)]),
    Buffer.from(name),
    Buffer.from([7]),
    length,
    text,
  ])
}

/** An event of a Bedrock stream. */
export function encodeEvent(type: string, body: unknown): Buffer {
  return encodeFrame(
    { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
    JSON.stringify(body),
  )
}

/** A modelled error inside a stream. */
export function encodeException(type: string, body: unknown): Buffer {
  return encodeFrame(
    { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' },
    JSON.stringify(body),
  )
}

import type { ServerResponse } from 'node:http'

/** Above it, making a text of the bytes costs more than it saves. */
const textBytes = 2 * 1024

/**
 * Writes a piece of a running answer; false where the client reads slower than we write. Where the answer is in chunked
 * coding (RFC 9112 §7.1), a small piece goes out as one text with its size and its end around it: Node would hand the
 * socket four pieces, to be put together again below.
 */
export function writeChunk(outgoing: ServerResponse, piece: Uint8Array | string): boolean {
  if (!outgoing.chunkedEncoding || piece.length > textBytes || piece.length === 0) {
    return outgoing.write(piece)
  }
  const isText = typeof piece === 'string'
  const size = isText ? Buffer.byteLength(piece) : piece.length
  const chunk = `${size.toString(16)}\r\n${isText ? piece : asLatin1(piece)}\r\n`
  // Asked by Node within `write` only: whether it is to do what has just been done.
  outgoing.chunkedEncoding = false
  try {
    return outgoing.write(chunk, isText ? 'utf8' : 'latin1')
  } finally {
    outgoing.chunkedEncoding = true
  }
}

/** Each byte as a character: written as Latin-1, what goes out is the same bytes, whatever they are. */
export function asLatin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}
